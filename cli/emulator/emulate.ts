import { setTimeout as sleep } from 'node:timers/promises';
import { type FeedName, feedNames } from '../../model/rules/rule.ts';
import type { SentRow } from './dirt.ts';
import type { Send } from './door.ts';
import { type DoorName, requestsTo, type Told, toldBy } from './doors.ts';
import { delayAfter, patient, type RetryPolicy } from './retry.ts';

/** What is sent for one post: its rows, in the order of sending. */
export interface SentPost {
  readonly index: number | string;
  readonly rows: readonly (readonly [FeedName, SentRow])[];
}

export interface Emulation {
  /** The invoke URL with its stage. */
  readonly url: string;
  readonly deployment: string;
  /** Each row goes through all of them. @default - streams */
  readonly doors?: readonly DoorName[];
  /** Called by one sender at a time, so the posts are shared among the threads. */
  readonly posts: Iterator<SentPost> | AsyncIterator<SentPost>;
  readonly send: Send;
  /** Posts sent at the same time; the three requests of a post follow each other. */
  readonly threads: number;
  /** Posts a second; undefined: as fast as the answers come. */
  readonly rate?: number;
  readonly retry?: RetryPolicy;
  /** Ends the run: posts that were begun are sent to their end, if there are answers. */
  readonly stop?: AbortSignal;
  onAnswer?(answer: LoggedAnswer): void;
}

/** One line of the log: one answer to one attempt. */
export interface LoggedAnswer extends Told {
  /** Number of the post in the run, from 0. */
  readonly turn: number;
  readonly index: number | string;
  readonly feed: FeedName;
  readonly door: DoorName;
  readonly attempt: number;
  /** 0 where no answer came. */
  readonly status: number;
  readonly dirt?: string;
  /** When the request was begun, epoch ms, and how long the answer took. */
  readonly sentAt: number;
  readonly ms: number;
  /** The request is sent again after so long; absent: this was the last word. */
  readonly retryInMs?: number;
}

export interface FeedSummary {
  /** Records that the sender wanted to hand over. */
  sent: number;
  /** Of these, answered with 200 in the end. */
  accepted: number;
  /** Answered with another status in the end, or not at all. */
  refused: number;
  /** Requests beyond the first of a record. */
  retries: number;
}

export interface EmulationSummary {
  readonly posts: number;
  /** Through all doors. */
  readonly feeds: Readonly<Record<FeedName, FeedSummary>>;
  /** Of the doors that were used. */
  readonly byDoor: ReadonlyMap<DoorName, Readonly<Record<FeedName, FeedSummary>>>;
  /** Answers by status, retried ones included. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly seconds: number;
}

/** Sends posts as the public emulators do: a request for each of their rows and each door. */
export async function emulate(run: Emulation): Promise<EmulationSummary> {
  const began = Date.now();
  const statuses = new Map<number, number>();
  const doors = run.doors ?? ['streams'];
  const byDoor = new Map(doors.map((door) => [door, nothingByFeed()]));
  const baseUrl = run.url.replace(/\/+$/, '');
  const next = oneAtATime(run.posts);
  let turns = 0;

  const sender = async () => {
    while (!run.stop?.aborted) {
      const taken = await next();
      if (taken.done) return;
      const turn = turns++;
      if (run.rate !== undefined && !(await pause(began + (turn * 1000) / run.rate - Date.now(), run.stop))) {
        turns--;
        return;
      }
      const { index, rows } = taken.value;
      for (const [feed, row] of rows) for (const door of doors) await sendRecord(turn, index, door, feed, row);
    }
  };

  const sendRecord = async (turn: number, index: number | string, door: DoorName, feed: FeedName, row: SentRow) => {
    const { method, path, body, headers } = requestsTo[door](run.deployment, feed, row.data, index);
    const url = new URL(`${baseUrl}${path}`);
    const summary = byDoor.get(door)![feed];
    summary.sent++;
    for (let attempt = 1; ; attempt++) {
      const sentAt = Date.now();
      const answer = await run.send(method, url, body, headers);
      // Who wants to stop does not wait for somebody who does not answer.
      const isOver = run.stop?.aborted === true && answer.status === 0;
      const delay = isOver ? undefined : delayAfter(answer, attempt, run.retry ?? patient);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      run.onAnswer?.({
        turn,
        index,
        feed,
        door,
        attempt,
        status: answer.status,
        ...toldBy(door, answer),
        ...(row.dirt !== undefined && { dirt: row.dirt }),
        sentAt,
        ms: Date.now() - sentAt,
        ...(delay !== undefined && { retryInMs: Math.round(delay) }),
      });
      if (answer.status === 200) summary.accepted++;
      else if (delay === undefined) summary.refused++;
      else {
        summary.retries++;
        await (answer.status === 0 ? pause(delay, run.stop) : sleep(delay));
        continue;
      }
      return;
    }
  };

  // Where no further post can be read, those that were begun are sent to their end all the same.
  for (const ended of await Promise.allSettled(Array.from({ length: run.threads }, sender))) {
    if (ended.status === 'rejected') throw ended.reason;
  }
  return { posts: turns, feeds: summed([...byDoor.values()]), byDoor, statuses, seconds: (Date.now() - began) / 1000 };
}

const nothingSent = (): FeedSummary => ({ sent: 0, accepted: 0, refused: 0, retries: 0 });
const nothingByFeed = () => ({ pin: nothingSent(), geo: nothingSent(), user: nothingSent() });

function summed(all: readonly Readonly<Record<FeedName, FeedSummary>>[]): Record<FeedName, FeedSummary> {
  const sum = nothingByFeed();
  for (const feeds of all) {
    for (const feed of feedNames) {
      for (const count of ['sent', 'accepted', 'refused', 'retries'] as const) sum[feed][count] += feeds[feed][count];
    }
  }
  return sum;
}

function oneAtATime<T>(iterator: Iterator<T> | AsyncIterator<T>): () => Promise<IteratorResult<T>> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const mine = last.then(() => iterator.next());
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** @returns false when the run was stopped meanwhile */
async function pause(ms: number, stop: AbortSignal | undefined): Promise<boolean> {
  if (ms <= 0) return true;
  return sleep(ms, true, stop === undefined ? {} : { signal: stop }).catch(() => false);
}
