import { batchAnswer } from './batch-answer.ts';
import { badParameter, goneCursor, RequestError } from './errors.ts';
import type { Layers } from './layers.ts';
import { listed } from './lists.ts';
import { liveAnswer } from './live-answer.ts';
import { errorAnswer, type HttpAnswer, listAnswer, type Note, type RowsAnswer, rowsAnswer } from './representation.ts';
import { type Catalog, type HttpRequest, type RowsRequest, readRequest } from './request.ts';

/** Answers a request for metrics or questions. Throws what a store throws. */
export async function answer(request: HttpRequest, catalog: Catalog, layers: Layers): Promise<HttpAnswer> {
  const ifNoneMatch = request.headers['if-none-match'];
  try {
    const asked = readRequest(request, catalog);
    if ('list' in asked) {
      const { registry } = await layers.live.open();
      return listAnswer(asked.list, listed([...catalog[asked.list].values()], registry), asked.format, ifNoneMatch);
    }
    const found = await answerRows(asked, layers);
    return rowsAnswer(found, asked.format, layers.now(), ifNoneMatch, request.query);
  } catch (error) {
    if (error instanceof RequestError) return errorAnswer(error);
    throw error;
  }
}

/** Of a further page, where the live layer was asked for. */
const goesOn: Note = {
  code: 'fromBatch',
  message: 'The first page came from the batch layer, and this one goes on in its run.',
};

/** From the layer that is asked for; from the batch layer, with a note, where the live one has no answer. */
async function answerRows(request: RowsRequest, layers: Layers): Promise<RowsAnswer> {
  const { batch } = layers;
  const layer = request.cursor?.layer ?? request.layer;
  if (layer === 'batch') {
    if (batch === undefined) throw badParameter('layer', 'is "batch", which this deployment has not', ['live']);
    return batchAnswer(request, batch, layers, request.layer === 'live' ? [goesOn] : []);
  }
  const live = await liveAnswer(request, layers);
  if (!('because' in live)) return live;
  // The pages of one layer are not those of the other.
  if (request.cursor?.layer === 'live') throw goneCursor();
  if (batch === undefined) throw live.error;
  return batchAnswer(request, batch, layers, [{ code: 'fromBatch', message: live.because }]);
}
