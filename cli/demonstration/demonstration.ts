import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { formatRecord, type RecordCoordinate } from '../../model/coordinates.ts';
import type { FeedName } from '../../model/rules/rule.ts';
import { type Account, settledAccount } from '../accounting/account.ts';
import type { DeployedNames } from '../accounting/deployed-names.ts';
import type { Clients } from '../aws.ts';
import { authorized, type DoorAuth } from '../door-auth.ts';
import { spoilings } from '../emulator/dirt.ts';
import { httpDoor } from '../emulator/door.ts';
import { type EmulationSummary, emulate, type LoggedAnswer } from '../emulator/emulate.ts';
import { feedNames } from '../emulator/posts.ts';
import { syntheticPosts } from '../emulator/synthetic.ts';
import { followedEvery, LatencyFollower } from './latency.ts';

/** What every demonstration sends: the same posts at every start. */
export const demonstrated = { seed: 100, count: 300, dirty: 0.1, duplicates: 0.1 } as const;
const threads = 4;
const postsPerSecond = 40;
/** On a busy machine too. */
const settleMs = 180_000;
/** What is settled is in the table: within so long it is read there too. */
const seenMs = 30_000;

export interface Demonstration {
  readonly sent: EmulationSummary;
  /** Coordinates of the records that the doors took, each once. */
  readonly taken: Readonly<Record<FeedName, ReadonlySet<string>>>;
  /** Of all that the deployment holds, earlier starts included. */
  readonly account: Account;
  readonly latenciesMs: Readonly<Record<FeedName, readonly number[]>>;
  /** Sentences about what does not add up; none: every row is accounted for. */
  readonly faults: readonly string[];
}

export interface DemonstrationOptions {
  readonly clients: Clients;
  readonly names: DeployedNames;
  /** The invoke URL with its stage. */
  readonly url: string;
  readonly auth: DoorAuth;
  readonly deployment: string;
  /** Where every answer is logged. */
  readonly logFile: string;
  readonly stop: AbortSignal;
}

/** Sends posts with duplicates and dirt through the doors, and waits until every row of them has ended somewhere. */
export async function demonstrate(options: DemonstrationOptions): Promise<Demonstration> {
  const { clients, names, url, auth, deployment, logFile, stop } = options;
  const began = Date.now();
  const { topics } = names.batch ?? {};
  const taken = { pin: new Set<string>(), geo: new Set<string>(), user: new Set<string>() };
  const follower = new LatencyFollower(clients, names.postsTable);
  const log = createWriteStream(logFile);
  await once(log, 'open');
  const door = httpDoor();
  try {
    const sent = await emulate({
      url,
      deployment,
      doors: topics === undefined ? ['streams'] : ['streams', 'topics'],
      posts: syntheticPosts(demonstrated),
      send: authorized(door, auth),
      threads,
      rate: postsPerSecond,
      stop,
      onAnswer: (answer) => {
        log.write(`${JSON.stringify(answer)}\n`);
        const { feed, turn, index, sentAt } = answer;
        const record = recordOf(answer, names);
        if (record === undefined) return;
        taken[feed].add(formatRecord(record));
        const feedsSpeed = record.source === 'kinesis' || names.speedTopics !== undefined;
        if (feedsSpeed && turn % followedEvery === 0 && isClean(answer)) {
          follower.follow(feed, Number(index), record, sentAt);
        }
      },
    });
    const settled = await settledAccount(clients, names, { waitMs: settleMs, stop, expected: taken });
    const faults = [...addUp(sent, taken, settled, began)];
    const unseen = await follower.end(faults.length === 0 && !stop.aborted ? seenMs : 0);
    if (unseen > 0 && faults.length === 0) faults.push(`${unseen} followed parts never showed in the posts table.`);
    return { sent, taken, account: settled, latenciesMs: follower.latenciesMs, faults };
  } finally {
    door.close();
    await follower.end(0).catch(() => undefined);
    await new Promise((resolve) => log.end(resolve));
  }
}

/** Where the record of an answer is; undefined: no door took it. */
export function recordOf(answer: LoggedAnswer, { streams, batch }: DeployedNames): RecordCoordinate | undefined {
  const { feed, shardId, sequenceNumber, partition, offset } = answer;
  if (shardId !== undefined && sequenceNumber !== undefined) {
    return { source: 'kinesis', topic: streams[feed], partition: shardId, offset: sequenceNumber };
  }
  if (batch === undefined || partition === undefined || offset === undefined) return undefined;
  return { source: 'kafka', topic: batch.topics[feed], partition: String(partition), offset: String(offset) };
}

function isClean({ feed, dirt }: LoggedAnswer): boolean {
  return dirt === undefined || spoilings[feed][dirt]?.outcome === 'clean';
}

/** Holds the sender's answers against the logs of the speed layer, and the rows of these against what is stored. */
function* addUp(
  sent: EmulationSummary,
  taken: Readonly<Record<FeedName, ReadonlySet<string>>>,
  account: Account,
  began: number,
): Generator<string> {
  const isBoth = account.topics === 'both layers';
  for (const feed of feedNames) {
    const { places, rows, applied, duplicate, superseded, quarantined, parked, missing } = account[feed];
    const { accepted, refused } = sent.feeds[feed];
    if (refused > 0) yield `${feed}: ${refused} records were not taken by the door.`;
    if (taken[feed].size !== accepted) {
      yield `${feed}: ${accepted} answers name ${taken[feed].size} different records.`;
    }
    const feeding = [...taken[feed]].filter((record) => isBoth || record.startsWith('kinesis/'));
    const lost = feeding.filter((record) => !places.has(record));
    if (lost.length > 0) yield `${feed}: ${lost.length} accepted records are not in the log, ${lost[0]} first.`;
    const untold = [...places].filter(([record, arrival]) => arrival >= began && !taken[feed].has(record));
    if (untold.length > 0) yield `${feed}: the log holds ${untold.length} records that no answer told of.`;
    if (missing > 0) yield `${feed}: ${missing} rows are neither stored nor in quarantine.`;
    if (parked > 0) yield `${feed}: ${parked} rows are in batches that were given up: npm run redrive takes them up.`;
    const ended = applied + duplicate + superseded + quarantined + parked + missing;
    if (ended !== rows) yield `${feed}: ${rows} rows have ${ended} ends.`;
  }
}
