import { describe, expect, jest, test } from '@jest/globals';
import type { RefusedRow } from '../../lambda/shared/quarantine.ts';
import type { Patience } from '../../lambda/shared/retry.ts';
import type { BackfillResult } from '../../model/backfill.ts';
import { formatCoordinate } from '../../model/coordinates.ts';
import { feeds } from '../../model/feeds/index.ts';
import type { Part } from '../../model/post.ts';
import { type RawRecord, rawLine } from '../../model/raw-line.ts';
import type { Feed } from '../../model/rules/rule.ts';
import { arrayOf, feed, range, text, timestamp } from '../../model/rules/vocabulary.ts';

const geoRow = (ind: number, latitude = 1) => ({ ind, country: 'Albania', latitude, longitude: 2, timestamp: null });

const recordAt = (offset: number, value: unknown, topic = 'demo.geo'): RawRecord => ({
  source: topic === 'demo.geo' ? 'kafka' : 'kinesis',
  topic,
  partition: '0',
  offset: String(offset),
  arrivalMs: 1_700_000_000_000 + offset,
  key: null,
  value: value === null ? null : Buffer.from(JSON.stringify(value)),
});
const key = 'raw/geo/dt=2023-11-14/demo.geo+0+00000000000000000000.jsonl.gz';

/** The function as it is bundled with these rules. */
function withRules(geo: Feed): typeof import('../../lambda/speed/backfill/backfill.ts').backfill {
  let loaded: { backfill: ReturnType<typeof withRules> } | undefined;
  jest.isolateModules(() => {
    jest.doMock('../../model/feeds/index.ts', () => ({ feeds: { ...feeds, geo } }));
    loaded = require('../../lambda/speed/backfill/backfill.ts');
  });
  return loaded!.backfill;
}

/** Stores in memory; time passes in pauses, and a little with each write. */
class World {
  readonly parts = new Map<number, Part>();
  readonly kept: RefusedRow[] = [];
  readonly failing = new Set<number>();
  msAWrite = 0;
  #now = 0;
  readonly #lines: readonly string[];

  constructor(records: readonly RawRecord[]) {
    this.#lines = records.map(rawLine);
  }

  backfill(from = 0, backfill = withRules(feeds.geo)): Promise<BackfillResult> {
    const deadline = this.#now + 5_000;
    const patience: Patience = {
      deadline,
      now: () => this.#now,
      sleep: async (ms) => {
        this.#now += ms;
      },
      random: () => 1,
    };
    const stores = {
      raw: { read: async (wanted: string) => (wanted === key ? this.#lines : []) },
      posts: {
        write: async (_: string, ind: number, part: Part) => {
          this.#now += this.msAWrite;
          if (this.failing.has(ind)) throw Object.assign(new Error('slow'), { name: 'ThrottlingException' });
          const stored = this.parts.get(ind);
          if (stored !== undefined && (stored.k > part.k || (stored.k === part.k && stored.rules >= part.rules))) {
            return stored.k === part.k ? ('unchanged' as const) : ('duplicate' as const);
          }
          this.parts.set(ind, part);
          return 'applied' as const;
        },
      },
      quarantine: {
        keep: async (refused: RefusedRow) => {
          this.kept.push(refused);
        },
      },
    };
    const feedBySource = new Map([
      ['demo.geo', 'geo'],
      ['streaming-demo-geo', 'geo'],
    ] as const);
    return backfill({ key, from }, stores, feedBySource, patience);
  }
}

test('the rows of an object are stored under their original order keys; the second time changes nothing', async () => {
  const world = new World([
    recordAt(0, geoRow(1)),
    recordAt(1, [geoRow(2), geoRow(3, 91)]),
    recordAt(2, null),
    recordAt(3, geoRow(1)),
  ]);
  const rows = { applied: 2, duplicate: 1, superseded: 0, quarantined: 2 };
  expect(await world.backfill()).toEqual({ feed: 'geo', done: 4, lines: 4, rows: { ...rows, changed: 2 } });
  expect(world.parts.get(1)?.k).toMatch(/^1700000000003#kafka#demo\.geo#0#0+3#000000$/);
  expect(world.kept.map(({ row }) => formatCoordinate(row.coordinate))).toEqual([
    'kafka/demo.geo/0/1/1',
    'kafka/demo.geo/0/2/0',
  ]);
  const before = new Map(world.parts);
  expect(await world.backfill()).toMatchObject({ rows: { ...rows, changed: 0 } });
  expect(world.parts).toEqual(before);
});

test('records of a stream are taken as those of a topic', async () => {
  const world = new World([recordAt(0, geoRow(1), 'streaming-demo-geo')]);
  expect(await world.backfill()).toMatchObject({ feed: 'geo', rows: { changed: 1 } });
});

test('a later part stays', async () => {
  const world = new World([recordAt(0, geoRow(1))]);
  const later = { k: '1700000000001#', rules: 1, fields: {} };
  world.parts.set(1, later);
  await world.backfill();
  expect(world.parts.get(1)).toBe(later);
});

// The same rows and rules as in test/batch/test_run.py, `test_new_rules_clean_again_and_free_what_they_accept`.
test('newer rules replace what older ones made of a row, and store what those refused, once', async () => {
  const newer = feed('geo', {
    rules: 2,
    key: 'ind',
    fields: {
      country: text({ null: ['x'] }),
      coordinates: arrayOf(range('latitude', -90, 100), range('longitude', -180, 180)),
      timestamp: timestamp(),
    },
  });
  const values = [{ ...geoRow(1), country: 'x' }, geoRow(2, 95), 'nonsense'];
  const world = new World(values.map((value, offset) => recordAt(offset, value)));
  expect((await world.backfill()).rows).toMatchObject({ applied: 1, quarantined: 2, changed: 1 });
  const orderKey = world.parts.get(1)!.k;

  expect((await world.backfill(0, withRules(newer))).rows).toMatchObject({ applied: 2, quarantined: 1, changed: 2 });
  expect([...world.parts].map(([ind, { rules, fields }]) => [ind, fields['country'], rules])).toEqual([
    [1, null, 2],
    [2, 'Albania', 2],
  ]);
  expect(world.parts.get(1)!.k).toBe(orderKey);
  expect((await world.backfill(0, withRules(newer))).rows).toMatchObject({ applied: 2, changed: 0 });
  // Older rules, still deployed somewhere, do not come back.
  expect((await world.backfill()).rows).toMatchObject({ changed: 0 });
});

describe('an object for which there is no time', () => {
  const many = Array.from({ length: 1_200 }, (_, offset) => recordAt(offset, geoRow(offset)));

  test('is gone on with where it was left', async () => {
    const world = new World(many);
    world.msAWrite = 8;
    const first = await world.backfill();
    expect(first).toMatchObject({ done: 500, lines: 1_200 });
    world.msAWrite = 0;
    const second = await world.backfill(first.done);
    expect(second).toMatchObject({ done: 1_200, rows: { applied: 700 } });
    expect(world.parts.size).toBe(1_200);
    expect(first.rows.changed + second.rows.changed).toBe(1_200);
  });

  test('because a store stays unavailable is no progress', async () => {
    const world = new World([recordAt(0, geoRow(1))]);
    world.failing.add(1);
    await expect(world.backfill()).rejects.toThrow('Gave up at the deadline: ThrottlingException');
  });
});

test('an object that holds no lines of raw fails', async () => {
  const world = new World([{ ...recordAt(0, geoRow(1)), topic: 'elsewhere' }]);
  await expect(world.backfill()).rejects.toThrow('FEED_BY_SOURCE names no feed for elsewhere');
});
