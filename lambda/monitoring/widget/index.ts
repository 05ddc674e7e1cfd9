import { Logger } from '@aws-lambda-powertools/logger';
import { answer } from '../../serving/query/answer.ts';
import { catalog, deployedLayers } from '../../serving/query/deployed-layers.ts';
import { documentation, html, requestOf, type WidgetEvent } from './widget.ts';

const layers = deployedLayers();
const logger = new Logger();

/** Draws metrics and answers for dashboards, as HTML. */
export async function handler(event: WidgetEvent): Promise<string | { readonly markdown: string }> {
  if (event.describe) return { markdown: documentation };
  try {
    const { status, body } = await answer(requestOf(event), catalog, layers);
    return html(status, body);
  } catch (error) {
    logger.error('A layer cannot be read', error as Error);
    return html(503, JSON.stringify({ message: 'A layer cannot be read at the moment.' }));
  }
}
