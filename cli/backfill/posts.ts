import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { BackfillEvent, BackfilledRows, BackfillResult } from '../../model/backfill.ts';
import { type FeedName, feedNames } from '../../model/rules/rule.ts';
import { batchNamesOf, type DeployedNames } from '../accounting/deployed-names.ts';
import type { Clients } from '../aws.ts';
import { datesOf } from '../batch/range.ts';
import type { DateRange } from '../batch/run.ts';
import { concurrently } from '../concurrently.ts';
import { listObjects, type StoredObject } from '../quarantine/bucket.ts';

/** Invocations at the same time; each writes some rows at a time. */
const invocations = 4;
/** Lists at the same time. */
const lists = 16;

/** The objects of raw with arrivals of these dates that feed the speed layer, by key. */
export async function objectsToBackfill(
  clients: Clients,
  names: DeployedNames,
  range: DateRange,
): Promise<readonly StoredObject[]> {
  const { rawBucket } = batchNamesOf(names);
  const sources = new Set([names.streams, names.speedTopics ?? {}].flatMap((of) => Object.values(of)));
  const prefixes = feedNames.flatMap((feed) => [...datesOf(range)].map((date) => `raw/${feed}/dt=${date}/`));
  const found = (await concurrently(prefixes, lists, (prefix) => listObjects(clients, rawBucket, prefix))).flat();
  return found
    .filter(({ key }) => sources.has(key.split('/').at(-1)!.split('+')[0]!))
    .sort((one, other) => (one.key < other.key ? -1 : 1));
}

export interface BackfilledFeed extends BackfilledRows {
  readonly objects: number;
  /** Records of the log. */
  readonly records: number;
}

export interface BackfilledPosts {
  readonly feeds: Readonly<Record<FeedName, BackfilledFeed>>;
  /** Objects that were not done, and why. */
  readonly failures: readonly { readonly key: string; readonly reason: string }[];
  /** Every object up to this one is done. */
  readonly through: string | undefined;
}

export interface BackfillOptions {
  /** No object is begun after it. */
  readonly stop: AbortSignal;
  /** Told after each invocation, of how many objects are done. */
  readonly onProgress?: (done: number) => void;
}

/** Has the deployed function store the rows of the objects once more, some objects at a time. */
export async function backfillPosts(
  clients: Clients,
  functionName: string,
  objects: readonly StoredObject[],
  { stop, onProgress }: BackfillOptions,
): Promise<BackfilledPosts> {
  const feeds = { pin: nothing, geo: nothing, user: nothing };
  const failures: { key: string; reason: string }[] = [];
  let done = 0;
  const ends = await concurrently(objects, invocations, async ({ key }) => {
    for (let from = 0; !stop.aborted; ) {
      const result = await invoke(clients, functionName, { key, from });
      if (typeof result === 'string') {
        failures.push({ key, reason: result });
        return false;
      }
      const { feed, lines } = result;
      const isDone = result.done >= lines;
      feeds[feed] = added(feeds[feed], result.rows, { objects: isDone ? 1 : 0, records: result.done - from });
      if (isDone) {
        onProgress?.(++done);
        return true;
      }
      from = result.done;
    }
    return false;
  });
  const firstOpen = ends.indexOf(false);
  return { feeds, failures, through: objects[(firstOpen === -1 ? ends.length : firstOpen) - 1]?.key };
}

/** A failure of the function is kept apart: other objects may be done all the same. */
async function invoke(
  { lambda }: Clients,
  functionName: string,
  event: BackfillEvent,
): Promise<BackfillResult | string> {
  const answer = await lambda.send(
    new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(event)) }),
  );
  const payload = JSON.parse(answer.Payload?.transformToString() || '{}');
  if (answer.FunctionError === undefined) return payload as BackfillResult;
  const { errorType = answer.FunctionError, errorMessage = '' } = payload as Record<string, string>;
  return `${functionName} failed: ${errorType}: ${errorMessage}`;
}

const nothing: BackfilledFeed = {
  objects: 0,
  records: 0,
  applied: 0,
  changed: 0,
  duplicate: 0,
  superseded: 0,
  quarantined: 0,
};

const added = (
  one: BackfilledFeed,
  rows: BackfilledRows,
  { objects, records }: Pick<BackfilledFeed, 'objects' | 'records'>,
): BackfilledFeed => ({
  objects: one.objects + objects,
  records: one.records + records,
  applied: one.applied + rows.applied,
  changed: one.changed + rows.changed,
  duplicate: one.duplicate + rows.duplicate,
  superseded: one.superseded + rows.superseded,
  quarantined: one.quarantined + rows.quarantined,
});
