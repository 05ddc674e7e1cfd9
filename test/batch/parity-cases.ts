import fc from 'fast-check';
import { feeds } from '../../model/feeds/index.ts';
import { rowsOf } from '../../model/rows.ts';
import { type FeedName, feedNames } from '../../model/rules/rule.ts';
import { vectors } from '../model/vectors.ts';
import { rowTexts } from './hostile-rows.ts';

/** A raw line, and what TypeScript makes of it, for another interpreter to make the same of. */
export interface ParityCase {
  readonly name: string;
  readonly feed: FeedName;
  readonly line: string;
  readonly rows: readonly object[];
}

interface Vector {
  readonly name: string;
  readonly feed?: FeedName;
  readonly raw?: string;
  readonly text?: string;
  readonly base64?: string;
}

/** Every vector, and `generated` random records: hostile values in rows of about the right shape. */
export function parityCases(generated: number): readonly ParityCase[] {
  const known = ['pin', 'geo', 'user', 'counts', 'texts', 'records'].flatMap((file) =>
    vectors<Vector>(file).map(({ name, feed = 'geo', raw, text, base64 }) =>
      parityCase(`${file}: ${name}`, feed, Buffer.from(raw ?? text ?? base64 ?? '', base64 ? 'base64' : 'utf8')),
    ),
  );
  const random = feedNames.flatMap((feed) =>
    fc
      .sample(records(feed), { numRuns: generated, seed: 5 })
      .map((text, index) => parityCase(`${feed} ${index}`, feed, Buffer.from(text))),
  );
  return [...known, ...random];
}

function parityCase(name: string, feed: FeedName, bytes: Buffer): ParityCase {
  const place = { source: 'kafka', topic: 'demo.x', partition: '0', offset: '7' } as const;
  const timestamp = 1_598_586_767_123;
  const rows = rowsOf({ ...place, arrivalMs: timestamp, bytes }, feeds[feed]).map(({ orderKey, result, rawBytes }) => {
    if (result.ok) return { orderKey, ind: result.ind, fields: Object.values(result.fields) };
    const { rule, field, reason } = result;
    return { orderKey, refusal: { rule, field, reason }, rawBase64: Buffer.from(rawBytes).toString('base64') };
  });
  return { name, feed, line: rawLine({ ...place, timestamp, key: null }, bytes), rows };
}

/** As the writers of raw lines write a record: JSON as it stands, anything else in base64. */
function rawLine(members: object, bytes: Buffer): string {
  const text = bytes.toString('utf8');
  const json = isJson(text) && !/[\r\n]/.test(text) && Buffer.from(text).equals(bytes);
  const value = json ? `"value":${text}` : `"valueBase64":"${bytes.toString('base64')}"`;
  return `${JSON.stringify(members).slice(0, -1)},${value}}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function records(feed: FeedName): fc.Arbitrary<string> {
  const row = rowTexts(feeds[feed]);
  const array = fc.array(row, { maxLength: 3 }).map((rows) => `[${rows}]`);
  const base64 = fc.oneof(row, array).map((text) => JSON.stringify(Buffer.from(text).toString('base64url')));
  return fc.oneof(
    { weight: 8, arbitrary: row },
    array,
    base64,
    row.map((text) => JSON.stringify(text)),
    fc.json(),
  );
}
