import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { feeds } from '../../model/feeds/index.ts';
import { cleanRow } from '../../model/rules/clean-row.ts';
import { type FeedName, feedNames, sourceColumns } from '../../model/rules/rule.ts';
import { vectors } from './vectors.ts';

interface RowVector {
  readonly name: string;
  readonly feed: FeedName;
  /** JSON text. */
  readonly raw: string;
  readonly clean?: Record<string, unknown>;
  readonly extra?: readonly string[];
  readonly refused?: { readonly rule: string; readonly field: string | null };
}

describe.each(['pin', 'counts', 'geo', 'user', 'texts'])('rows of %s', (file) => {
  test.each(vectors<RowVector>(file))('$feed: $name', ({ feed, raw, clean, extra, refused }) => {
    const result = cleanRow(feeds[feed], JSON.parse(raw));
    if (!result.ok) {
      expect({ rule: result.rule, field: result.field }).toEqual(refused);
      expect(result.reason).toContain(refused?.field ?? 'send');
      return;
    }
    const cleaned = { ind: result.ind, ...result.fields };
    expect(cleaned).toEqual(clean);
    expect(Object.keys(cleaned)).toEqual(Object.keys(clean ?? {}));
    expect(result.extra).toEqual(extra ?? []);
  });
});

describe('any JSON', () => {
  test.each(feedNames)('is cleaned or refused on the %s feed, never thrown at', (name) => {
    const feed = feeds[name];
    const columns = fc.constantFrom(feed.key, ...sourceColumns(feed), '__proto__', 'constructor');
    const rows = fc.oneof(fc.jsonValue(), fc.dictionary(columns, fc.jsonValue(), { minKeys: 5 }));
    fc.assert(
      fc.property(rows, (row) => {
        const result = cleanRow(feed, JSON.parse(JSON.stringify(row)));
        expect(result.ok || result.rule !== 'internal').toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('cleans to what cleans to itself', () => {
    const rows = fc.record({
      ind: fc.integer(),
      age: fc.oneof(fc.integer({ min: 0, max: 150 }), fc.integer({ min: 0, max: 150 }).map(String)),
      first_name: fc.string({ unit: 'grapheme' }),
      last_name: fc.constant(null),
      date_joined: fc
        .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
        .map((date) => date.toISOString()),
    });
    fc.assert(
      fc.property(rows, (row) => {
        const once = cleanRow(feeds.user, row);
        if (!once.ok) throw new Error(once.reason);
        const { user_name, ...rest } = once.fields;
        const again = cleanRow(feeds.user, { ind: once.ind, first_name: user_name, last_name: null, ...rest });
        expect(again).toEqual(once);
      }),
    );
  });

  test('a moment that exists comes out as JavaScript writes it, one that does not is refused', () => {
    const two = fc.integer({ min: 0, max: 99 }).map((part) => String(part).padStart(2, '0'));
    const moments = fc.tuple(fc.integer({ min: 1, max: 9999 }), two, two, two, two, two);
    fc.assert(
      fc.property(moments, ([year, month, day, hours, minutes, seconds]) => {
        const iso = `${String(year).padStart(4, '0')}-${month}-${day}T${hours}:${minutes}:${seconds}.000Z`;
        const date = new Date(iso);
        const exists = !Number.isNaN(date.getTime()) && date.toISOString() === iso;
        const result = cleanRow(feeds.geo, { ind: 1, country: 'A', timestamp: iso });
        expect(result.ok ? result.fields['timestamp'] : result.rule).toBe(exists ? iso : 'timestamp');
      }),
      { numRuns: 2000 },
    );
  });
});
