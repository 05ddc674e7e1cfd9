import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type BatchStores, cleanBatch } from '../../lambda/speed/clean/clean-batch.ts';
import { accountFor } from '../../model/accounting.ts';
import { formatCoordinate } from '../../model/coordinates.ts';
import { feeds } from '../../model/feeds/index.ts';
import type { Part } from '../../model/post.ts';
import { type LogRecord, rowsOf } from '../../model/rows.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { logs } from '../model/logs.ts';
import { seeded } from './seeded.ts';

/** An invocation is ended in the middle. */
class CrashError extends Error {
  override readonly name = 'CrashError';
}

/** A fault that passes. */
class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

interface Faults {
  /** 0 to 1, of a write, before or after it was done. */
  readonly crash: number;
  readonly passing: number;
}

const none: Faults = { crash: 0, passing: 0 };
const badRounds = 40;

/** Posts of one feed and the quarantine, whose writes take turns in any order, and fail. */
class World {
  readonly parts = new Map<number, Part>();
  readonly quarantined = new Set<string>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  stores(faults: Faults): BatchStores {
    return {
      posts: {
        write: (_, ind, part) =>
          this.#request(faults, () => {
            const stored = this.parts.get(ind);
            if (stored !== undefined && stored.k >= part.k) return 'superseded';
            this.parts.set(ind, part);
            return 'applied';
          }),
      },
      quarantine: {
        keep: ({ row }) => this.#request(faults, () => void this.quarantined.add(formatCoordinate(row.coordinate))),
      },
    };
  }

  async #request<T>({ crash, passing }: Faults, work: () => T): Promise<T> {
    for (let turns = Math.floor(this.#random() * 4); turns > 0; turns--) await undefined;
    const kind = this.#random();
    if (kind < crash / 2) throw new CrashError();
    if (kind > 1 - passing / 2) throw new TimeoutError();
    const result = work();
    if (kind < crash) throw new CrashError();
    if (kind > 1 - passing) throw new TimeoutError();
    return result;
  }
}

test('posts and quarantine are what the log says, whatever comes again, late, in other batches or fails', async () => {
  const cases = fc.constantFrom(...feedNames).chain((feed) => fc.tuple(fc.constant(feed), logs(feed)));
  const faults = fc.constantFrom<Faults>(none, { crash: 0.1, passing: 0.2 });
  await fc.assert(
    fc.asyncProperty(cases, fc.nat(), faults, async ([feed, log], seed, faults) => {
      const random = seeded(seed);
      const world = new World(random);
      let round = 0;
      // In the end faults pass, or nothing would.
      const isBad = () => round < badRounds;
      // Time runs out after some requests, so that a record is named to start again from.
      const patience = () => {
        let left = Math.floor(random() * 40);
        return { deadline: 1, now: () => (isBad() && left-- <= 0 ? 1 : 0), sleep: async () => undefined, random };
      };
      const deliver = async (records: readonly LogRecord[], stores: BatchStores): Promise<number> => {
        try {
          const batch = records.map((record) => ({ feed: feeds[feed], record }));
          const { failed } = await cleanBatch(batch, stores, patience());
          return failed?.index ?? records.length;
        } catch (error) {
          if (!(error instanceof CrashError)) throw error;
          return 0;
        }
      };
      const partitions = [...Map.groupBy(log, ({ topic, partition }) => `${topic}/${partition}`).values()];
      const done = partitions.map(() => 0);
      for (; partitions.some((records, at) => done[at]! < records.length); round++) {
        const stores = world.stores(isBad() ? faults : none);
        const ended = await Promise.all(
          partitions.map((records, at) => {
            const size = 1 + Math.floor(random() * 8);
            return deliver(records.slice(done[at], done[at]! + size), stores);
          }),
        );
        ended.forEach((count, at) => {
          // A consumer that starts again goes back.
          done[at] = Math.max(0, done[at]! + count - (isBad() && random() < 0.2 ? 2 : 0));
        });
        expect(round).toBeLessThan(2 * badRounds);
      }

      const rows = log.flatMap((record) => rowsOf(record, feeds[feed]).map((row) => ({ feed, row })));
      const newest = new Map<number, Part>();
      for (const { row } of rows) {
        if (!row.result.ok || (newest.get(row.result.ind)?.k ?? '') >= row.orderKey) continue;
        newest.set(row.result.ind, { k: row.orderKey, rules: 1, fields: row.result.fields });
      }
      expect(new Map([...world.parts].sort())).toEqual(new Map([...newest].sort()));
      const refused = rows.filter(({ row }) => !row.result.ok).map(({ row }) => formatCoordinate(row.coordinate));
      expect([...world.quarantined].sort()).toEqual(refused.sort());
      const account = accountFor(rows, {
        part: (_, ind) => world.parts.get(ind),
        isQuarantined: (coordinate) => world.quarantined.has(formatCoordinate(coordinate)),
        isParked: () => false,
      })[feed];
      expect(account.missing).toBe(0);
      expect(account.quarantined).toBe(refused.length);
    }),
    { numRuns: 300 },
  );
}, 300_000);
