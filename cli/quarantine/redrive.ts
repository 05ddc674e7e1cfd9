import { InvokeCommand } from '@aws-sdk/client-lambda';
import { feeds } from '../../model/feeds/index.ts';
import { judgedAgain } from '../../model/quarantine.ts';
import type { RedriveEvent, RedrivenRows, RedriveResult } from '../../model/redrive.ts';
import { type Row, rowsOf } from '../../model/rows.ts';
import { type FeedName, feedNames } from '../../model/rules/rule.ts';
import type { DeployedNames } from '../accounting/deployed-names.ts';
import type { Clients } from '../aws.ts';
import { concurrently } from '../concurrently.ts';
import { type ParkedObject, parkedObjects, type QuarantinedObject, quarantinedObjects } from './bucket.ts';

/** What one invocation takes: far less than it has memory and time for. */
const mostKeys = 100;
const mostBytes = 4 * 1024 * 1024;
const invocations = 4;
/** How often a key is tried for which there was no time. */
const attempts = 5;

/** An object to redrive, with its rows as the rules of this checkout judge them. */
export interface Candidate {
  readonly key: string;
  readonly bytes: number;
  readonly feed: FeedName;
  readonly kind: 'quarantined' | 'parked';
  readonly rows: readonly Row[];
}

type Redrivable = Pick<Candidate, 'key' | 'bytes' | 'kind'>;

export interface Candidates {
  readonly objects: readonly Candidate[];
  readonly unreadable: readonly { readonly key: string; readonly reason: string }[];
}

/** What there is to redrive. A rule is a choice among quarantined rows: a batch given up was refused by none. */
export async function candidates(
  clients: Clients,
  names: DeployedNames,
  { feed, rule }: { readonly feed?: FeedName; readonly rule?: string },
): Promise<Candidates> {
  const bucket = names.quarantineBucket;
  const quarantined = await quarantinedObjects(clients, bucket, 'speed', feed === undefined ? {} : { feed });
  const parked = rule === undefined ? await parkedObjects(clients, bucket) : [];
  const objects = [
    ...quarantined.flatMap((object) => quarantinedCandidate(object, rule)),
    ...parked.flatMap((object) => parkedCandidate(object, names)),
  ];
  const problem = ({ key, ...object }: QuarantinedObject | ParkedObject) =>
    'problem' in object ? [{ key, reason: object.problem }] : [];
  return {
    objects: objects.filter((object) => feed === undefined || object.feed === feed),
    unreadable: [...quarantined.flatMap(problem), ...parked.flatMap(problem)],
  };
}

function quarantinedCandidate(object: QuarantinedObject, rule: string | undefined): Candidate[] {
  if (!('content' in object)) return [];
  const { key, bytes, content: kept } = object;
  if (rule !== undefined && kept.rule !== rule) return [];
  return [{ key, bytes, feed: kept.feed, kind: 'quarantined', rows: judgedAgain(kept) }];
}

function parkedCandidate(object: ParkedObject, { streams }: DeployedNames): Candidate[] {
  if (!('content' in object)) return [];
  const { key, bytes, content: records } = object;
  const feed = feedNames.find((name) => streams[name] === records[0]?.topic);
  if (feed === undefined) return [];
  return [{ key, bytes, feed, kind: 'parked', rows: records.flatMap((record) => rowsOf(record, feeds[feed])) }];
}

/** What came of a redrive. */
export interface Redriven {
  readonly rows: Record<FeedName, RedrivenRows>;
  /** Objects by what became of them. */
  readonly ends: Record<RedriveResult['objects'][number]['end'] | 'failed', number>;
  /** Why something could not be taken up; each reason once. */
  readonly reasons: ReadonlySet<string>;
}

/** Has the deployed function take the objects up, some at a time. @param told after each invocation, of how many objects are through */
export async function redriveAll(
  clients: Clients,
  functionName: string,
  objects: readonly Redrivable[],
  told: (done: number) => void = () => {},
): Promise<Redriven> {
  const none: RedrivenRows = { applied: 0, duplicate: 0, superseded: 0, quarantined: 0 };
  const rows = { pin: none, geo: none, user: none };
  const ends = { left: 0, stays: 0, gone: 0, unreadable: 0, again: 0, failed: 0 };
  const reasons = new Set<string>();
  let done = 0;
  await concurrently(chunksOf(objects), invocations, async (chunk) => {
    let keys = chunk;
    for (let attempt = 1; keys.length > 0; attempt++) {
      const result = await invoke(clients, functionName, { keys });
      if ('failure' in result) {
        reasons.add(result.failure);
        ends.failed += keys.length;
        break;
      }
      for (const feed of feedNames) rows[feed] = added(rows[feed], result.rows[feed] ?? none);
      const isLast = attempt === attempts;
      for (const { end, reason } of result.objects) {
        if (end === 'again' && !isLast) continue;
        ends[end]++;
        if (reason !== undefined) reasons.add(reason);
      }
      keys = isLast ? [] : result.objects.flatMap(({ key, end }) => (end === 'again' ? key : []));
    }
    done += chunk.length;
    told(done);
  });
  return { rows, ends, reasons };
}

/** A batch that was given up goes alone: it may be what the function fails at. */
function chunksOf(objects: readonly Redrivable[]): string[][] {
  const chunks: string[][] = [];
  let open: { readonly keys: string[]; bytes: number } | undefined;
  for (const { key, bytes, kind } of objects) {
    if (kind === 'parked') {
      chunks.push([key]);
      continue;
    }
    if (open === undefined || open.bytes + bytes > mostBytes || open.keys.length === mostKeys) {
      open = { keys: [], bytes: 0 };
      chunks.push(open.keys);
    }
    open.keys.push(key);
    open.bytes += bytes;
  }
  return chunks;
}

/** A failure of the function is kept apart: other objects may be taken up all the same. */
async function invoke(
  { lambda }: Clients,
  functionName: string,
  event: RedriveEvent,
): Promise<RedriveResult | { readonly failure: string }> {
  const answer = await lambda.send(
    new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(event)) }),
  );
  const payload = JSON.parse(answer.Payload?.transformToString() || '{}');
  if (answer.FunctionError === undefined) return payload as RedriveResult;
  const { errorType = answer.FunctionError, errorMessage = '' } = payload as Record<string, string>;
  return { failure: `${functionName} failed: ${errorType}: ${errorMessage}` };
}

const added = (one: RedrivenRows, other: RedrivenRows): RedrivenRows => ({
  applied: one.applied + other.applied,
  duplicate: one.duplicate + other.duplicate,
  superseded: one.superseded + other.superseded,
  quarantined: one.quarantined + other.quarantined,
});
