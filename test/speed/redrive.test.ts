import { describe, expect, test } from '@jest/globals';
import type { RefusedRow } from '../../lambda/shared/quarantine.ts';
import type { Patience } from '../../lambda/shared/retry.ts';
import { redrive } from '../../lambda/speed/redrive/redrive.ts';
import { formatCoordinate } from '../../model/coordinates.ts';
import { feeds } from '../../model/feeds/index.ts';
import type { Part } from '../../model/post.ts';
import { quarantinedRow, quarantineKey } from '../../model/quarantine.ts';
import { type LogRecord, rowsOf } from '../../model/rows.ts';

const good = (ind: number) => ({ ind, country: 'A', latitude: 1, longitude: 2, timestamp: null });
const bad = (ind: number) => ({ ...good(ind), latitude: 91 });

const recordAt = (offset: number, value: unknown): LogRecord => ({
  source: 'kinesis',
  topic: 'streaming-demo-geo',
  partition: 'shardId-000000000000',
  offset: String(offset),
  arrivalMs: 1_700_000_000_000 + offset,
  bytes: Buffer.from(JSON.stringify(value)),
});

/** An object as older rules left it. */
function quarantined(offset: number, value: unknown): [key: string, text: string] {
  const row = rowsOf(recordAt(offset, value), feeds.geo)[0]!;
  const refusal = { rule: 'range', field: null, reason: 'once' } as const;
  const kept = { ...quarantinedRow(feeds.geo, row, refusal, new Date(0)), rulesVersion: 0 };
  return [quarantineKey('speed', 'geo', row.arrivalMs, row.coordinate), JSON.stringify(kept)];
}

function parked(name: string, records: readonly (readonly [number, unknown])[]): [key: string, text: string] {
  const Records = records.map(([offset, value]) => ({
    eventID: `shardId-000000000000:${offset}`,
    eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/streaming-demo-geo',
    kinesis: {
      sequenceNumber: String(offset),
      approximateArrivalTimestamp: 1_700_000_000 + offset / 1000,
      data: Buffer.from(JSON.stringify(value)).toString('base64'),
    },
  }));
  return [`aws/lambda/id/shardId-000000000000/${name}`, JSON.stringify({ payload: JSON.stringify({ Records }) })];
}

/** Stores in memory, and time that passes only in pauses. */
class World {
  readonly bucket: Map<string, string>;
  readonly parts = new Map<number, Part>();
  readonly kept: RefusedRow[] = [];
  /** Posts whose writes are throttled, keys whose deletion fails. */
  readonly failing = new Set<number | string>();
  #now = 0;

  constructor(...objects: readonly [string, string][]) {
    this.bucket = new Map(objects);
  }

  redrive(...keys: string[]) {
    const throttled = (of: number | string) => {
      if (this.failing.has(of)) throw Object.assign(new Error('slow'), { name: 'ThrottlingException' });
    };
    const patience: Patience = {
      deadline: 5_000,
      now: () => this.#now,
      sleep: async (ms) => {
        this.#now += ms;
      },
      random: () => 1,
    };
    return redrive(
      keys,
      {
        posts: {
          write: async (_, ind, part) => {
            throttled(ind);
            const stored = this.parts.get(ind);
            if (stored !== undefined && stored.k >= part.k) return stored.k === part.k ? 'applied' : 'duplicate';
            this.parts.set(ind, part);
            return 'applied';
          },
        },
        quarantine: {
          keep: async (refused) => {
            this.kept.push(refused);
          },
        },
        objects: {
          read: async (key) => this.bucket.get(key),
          delete: async (key) => {
            throttled(key);
            this.bucket.delete(key);
          },
        },
      },
      new Map([['streaming-demo-geo', 'geo']]),
      patience,
    );
  }

  get keptAt(): string[] {
    return this.kept.map(({ row }) => formatCoordinate(row.coordinate)).sort();
  }
}

const ends = ({ objects }: Awaited<ReturnType<typeof redrive>>) => objects.map(({ end }) => end);

test('what is accepted is stored and leaves, what is refused stays with the newer reason, what is gone is told', async () => {
  const [accepted, refused] = [quarantined(1, good(1)), quarantined(2, bad(2))];
  const world = new World(accepted, refused);
  const result = await world.redrive(accepted[0], refused[0], 'quarantine/speed/geo/gone.json');

  expect(ends(result)).toEqual(['left', 'stays', 'gone']);
  expect(result.rows).toEqual({ geo: { applied: 1, duplicate: 0, superseded: 0, quarantined: 1 } });
  expect([...world.bucket.keys()]).toEqual([refused[0]]);
  expect(world.parts.get(1)!.k).toContain('1700000000001#kinesis#streaming-demo-geo#shardId-000000000000#');
  expect(world.kept).toMatchObject([{ refusal: { rule: 'range', field: 'latitude' } }]);
});

test('a row refused for the same is not written again', async () => {
  const row = rowsOf(recordAt(2, bad(2)), feeds.geo)[0]!;
  if (row.result.ok) throw new Error('accepted');
  const { rule, field, reason } = row.result;
  const key = quarantineKey('speed', 'geo', row.arrivalMs, row.coordinate);
  const world = new World([key, JSON.stringify(quarantinedRow(feeds.geo, row, { rule, field, reason }, new Date(0)))]);
  expect(ends(await world.redrive(key))).toEqual(['stays']);
  expect(world.kept).toEqual([]);
});

test('a parked batch leaves once each of its rows is stored or kept', async () => {
  const batch = parked('a', [
    [1, [good(1), bad(2)]],
    [2, good(1)],
    [3, 'no row'],
  ]);
  const world = new World(batch);
  const result = await world.redrive(batch[0]);
  expect(ends(result)).toEqual(['left']);
  expect(result.rows).toEqual({ geo: { applied: 1, duplicate: 1, superseded: 0, quarantined: 2 } });
  expect(world.bucket.size).toBe(0);
  expect(world.keptAt).toEqual([
    'kinesis/streaming-demo-geo/shardId-000000000000/1/1',
    'kinesis/streaming-demo-geo/shardId-000000000000/3/0',
  ]);
});

test('a record that was refused as a whole leaves when its rows are found', async () => {
  const [key, text] = quarantined(1, [bad(1), good(2)]);
  const whole = {
    ...JSON.parse(text),
    rule: 'rows',
    rawBase64: Buffer.from(recordAt(1, [good(1), good(2)]).bytes).toString('base64'),
  };
  const world = new World([key, JSON.stringify(whole)]);
  expect(ends(await world.redrive(key))).toEqual(['left']);
  expect([...world.parts.keys()]).toEqual([1, 2]);
});

describe('nothing is deleted that is not safe', () => {
  test('a store that stays unavailable leaves the objects from the first that it failed on', async () => {
    const objects = [quarantined(1, good(1)), quarantined(2, good(2)), quarantined(3, good(3))];
    const world = new World(...objects);
    world.failing.add(2);
    expect(ends(await world.redrive(...objects.map(([key]) => key)))).toEqual(['left', 'again', 'again']);
    expect([...world.bucket.keys()]).toEqual([objects[1]![0], objects[2]![0]]);

    world.failing.clear();
    const rest = await new World(...world.bucket).redrive(...world.bucket.keys());
    expect(ends(rest)).toEqual(['left', 'left']);
  });

  test('a deletion that fails is tried another time, and stores nothing twice', async () => {
    const [key, text] = quarantined(1, good(1));
    const world = new World([key, text]);
    world.failing.add(key);
    expect(ends(await world.redrive(key))).toEqual(['again']);
    const later = new World([key, text]);
    later.parts.set(1, world.parts.get(1)!);
    expect(ends(await later.redrive(key))).toEqual(['left']);
    expect(later.parts).toEqual(world.parts);
  });

  test('an object that is neither is told and stays', async () => {
    const objects: [string, string][] = [
      ['quarantine/speed/geo/x.json', '{}'],
      ['aws/lambda/id/shard/x', 'no JSON'],
      ['aws/lambda/id/shard/y', parked('y', [[1, good(1)]])[1].replaceAll('streaming-demo-geo', 'elsewhere')],
    ];
    const world = new World(...objects);
    const { objects: told } = await world.redrive(...objects.map(([key]) => key));
    expect(told.map(({ end }) => end)).toEqual(['unreadable', 'unreadable', 'unreadable']);
    expect(told[2]!.reason).toContain('FEED_BY_SOURCE names no feed for elsewhere');
    expect(world.bucket.size).toBe(3);
  });
});
