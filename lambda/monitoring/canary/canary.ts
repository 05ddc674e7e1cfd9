import { arrivalOf, isAtOrAfter } from './order-keys.ts';

/** What the canary looks at, through the same doors as everybody. */
export interface World {
  /** Sends a post through the streams door. @returns where its record is */
  post(ind: number): Promise<{ readonly shard: string; readonly sequence: string }>;
  /** Order key of the stored pin part. */
  stored(ind: number): Promise<string | undefined>;
  /** An answer of the query API. */
  answer(): Promise<Answer>;
  /** Undefined without a batch path. */
  readonly batch?: {
    /** Whether an object of raw holds the record. */
    hasLanded(orderKey: string): Promise<boolean>;
    /** The run that readers see; `watermark` in epoch ms. */
    pointer(): Promise<{ readonly runId: string; readonly watermark: number } | undefined>;
    /** Order key of the pin row in silver. */
    silver(ind: number): Promise<string | undefined>;
  };
}

export interface Answer {
  readonly status: number;
  readonly layer: string;
  /** Epoch ms of the latest change that it counts. */
  readonly watermark: number | undefined;
}

export interface Settings {
  /** A post is sent once in so many ms. */
  readonly periodMs: number;
  readonly storedWithinMs: number;
  /** After this time a record is in raw. */
  readonly landedWithinMs: number;
}

export interface Clock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

export const checks = ['posted', 'stored', 'answered', 'landed', 'inSilver'] as const;
export type Check = (typeof checks)[number];

export interface CanaryReport {
  readonly ind: number;
  /** Why a check failed; those that are not here did not. */
  readonly failed: Partial<Readonly<Record<Check, string>>>;
  /** Undefined when the post was not stored in time. */
  readonly postedToStoredMs: number | undefined;
  /** The run whose silver was looked at. */
  readonly silverOf?: string;
}

/** Posts of this time have an index of their own, then indexes come again: silver may be a day and some hours old. */
const keptMs = 2 * 24 * 3_600_000;
const pauseMs = 250;
/** So far back a post is looked for that a run has to have: a schedule may have missed the latest ones. */
const periodsBack = 12;

/** The reserved index of a moment: below zero, where the model counts nothing. */
export function indexAt(ms: number, periodMs: number): number {
  const slots = Math.ceil(keptMs / periodMs);
  return -1 - (Math.floor(ms / periodMs) % slots);
}

class CheckError extends Error {
  override readonly name = 'CheckError';
}

/**
 * Sends one post and follows it by its order key to the posts table and to a fresh answer. What takes longer, raw and
 * silver, is looked up for posts of earlier calls, whose order keys are still in the posts table.
 * @param seen the run whose silver an earlier call found right: it is not asked again
 */
export async function canary(world: World, settings: Settings, clock: Clock, seen?: string): Promise<CanaryReport> {
  const sentAt = clock.now();
  const ind = indexAt(sentAt, settings.periodMs);
  const failed: Partial<Record<Check, string>> = {};
  const check = async <T>(name: Check, run: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await run();
    } catch (error) {
      failed[name] = error instanceof CheckError ? error.message : String(error);
      return undefined;
    }
  };
  const record = await check('posted', () => world.post(ind));
  const storedAt = record && (await check('stored', () => untilStored(world, ind, record, sentAt, settings, clock)));
  await check('answered', () => untilAnswered(world, storedAt === undefined ? undefined : sentAt, settings, clock));
  const { batch } = world;
  if (batch === undefined) return { ind, failed, postedToStoredMs: storedAt && storedAt - sentAt };
  await check('landed', () => earlierHasLanded(world, batch, sentAt, settings));
  const silverOf = await check('inSilver', () => silverHolds(world, batch, settings, seen));
  return { ind, failed, postedToStoredMs: storedAt && storedAt - sentAt, ...(silverOf !== undefined && { silverOf }) };
}

async function untilStored(
  world: World,
  ind: number,
  { shard, sequence }: { readonly shard: string; readonly sequence: string },
  sentAt: number,
  { storedWithinMs }: Settings,
  clock: Clock,
): Promise<number> {
  for (;;) {
    const orderKey = await world.stored(ind);
    // A schedule may fire twice in a period, whose posts have one index: the later one is stored in place of the other.
    if (orderKey !== undefined && isAtOrAfter(orderKey, shard, sequence)) return clock.now();
    if (clock.now() - sentAt > storedWithinMs) {
      throw new CheckError(
        `Post ${ind} is not stored after ${storedWithinMs / 1_000} s; there is ${orderKey ?? 'none'}.`,
      );
    }
    await clock.sleep(pauseMs);
  }
}

/** @param since the answer has to count a change of that second or later. @default - any answer will do */
async function untilAnswered(
  world: World,
  since: number | undefined,
  { storedWithinMs }: Settings,
  clock: Clock,
): Promise<void> {
  const deadline = clock.now() + storedWithinMs;
  // Change streams tell their times in whole seconds.
  const wanted = since === undefined ? 0 : Math.floor(since / 1_000) * 1_000;
  for (;;) {
    const problem = await world.answer().then(
      ({ status, layer, watermark = 0 }) => {
        if (status !== 200) return new CheckError(`The query API answers ${status}.`);
        // While a metric is rebuilt, answers come from the batch layer; before the first change is counted, there are none.
        if (layer !== 'live' || watermark >= wanted) return undefined;
        return new CheckError(`Live answers count changes up to ${new Date(watermark).toISOString()} only.`);
      },
      (lost: unknown) => lost,
    );
    if (problem === undefined) return;
    if (clock.now() > deadline) throw problem;
    await clock.sleep(pauseMs);
  }
}

async function earlierHasLanded(
  world: World,
  batch: NonNullable<World['batch']>,
  now: number,
  { periodMs, landedWithinMs }: Settings,
): Promise<void> {
  const orderKey = await sentAround(world, now - landedWithinMs - periodMs, periodMs);
  if (orderKey === undefined || (await batch.hasLanded(orderKey))) return;
  throw new CheckError(`${orderKey} is not in raw after ${landedWithinMs / 1_000} s.`);
}

/** @returns the run whose silver is right, or undefined if nothing can be said */
async function silverHolds(
  world: World,
  batch: NonNullable<World['batch']>,
  { periodMs, landedWithinMs }: Settings,
  seen: string | undefined,
): Promise<string | undefined> {
  const pointer = await batch.pointer();
  if (pointer === undefined || pointer.runId === seen) return seen;
  for (let back = 1; back <= periodsBack; back++) {
    const sentMs = pointer.watermark - back * periodMs;
    const orderKey = await sentAround(world, sentMs, periodMs);
    // What arrived right before the watermark may have landed too late for the run.
    if (orderKey === undefined || arrivalOf(orderKey) > pointer.watermark - landedWithinMs) continue;
    const found = await batch.silver(indexAt(sentMs, periodMs));
    if (found === orderKey) break;
    throw new CheckError(`Silver of run ${pointer.runId} has ${found ?? 'nothing'} instead of ${orderKey}.`);
  }
  return pointer.runId;
}

/** The order key of the post of that moment's period, if one was sent then. */
async function sentAround(world: World, ms: number, periodMs: number): Promise<string | undefined> {
  const orderKey = await world.stored(indexAt(ms, periodMs));
  if (orderKey === undefined) return undefined;
  // The index may still have the post of a round before; a record may arrive some time after it was sent.
  const late = arrivalOf(orderKey) - Math.floor(ms / periodMs) * periodMs;
  return late >= -periodMs && late < 2 * periodMs ? orderKey : undefined;
}
