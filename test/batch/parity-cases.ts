import fc from 'fast-check';
import { feeds } from '../../model/feeds/index.ts';
import { rowsOf } from '../../model/rows.ts';
import { type FeedName, feedNames, sourceColumns } from '../../model/rules/rule.ts';
import { vectors } from '../model/vectors.ts';

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
  const { key, columns } = feeds[feed];
  const names = [key, ...sourceColumns(feeds[feed])];
  const odd = ['1', '-0', '5.0', '1e21', '1e400', '-1e-7', '123456789012345678901', '9007199254740993', '0.1', 'true'];
  const texts = [
    '',
    ' 7 ',
    '437',
    '1.25k',
    '2M',
    '1.5',
    '-3',
    '1e2',
    '2020-02-29 03:52:47',
    '2017:10:24 11:23:51.98765Z',
  ];
  const members = fc.record(
    Object.fromEntries(
      names.map((name) => [
        name,
        fc.oneof(
          { weight: 4, arbitrary: fc.integer({ min: 0, max: 90 }).map(String) },
          { weight: 3, arbitrary: fc.constantFrom(...odd) },
          { weight: 3, arbitrary: fc.constantFrom(...texts).map((text) => JSON.stringify(text)) },
          { weight: 2, arbitrary: fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)) },
          { weight: 1, arbitrary: fc.constantFrom('"\\ud800"', '"a\\udfffb"', '"\\u0000"', 'null', '[]', '{"a":1}') },
        ),
      ]),
    ),
    { requiredKeys: names.slice(0, Math.ceil(columns.length / 2)) },
  );
  const row = members.map((each) => `{${Object.entries(each).map(([name, text]) => `"${name}":${text}`)}}`);
  const array = fc.array(row, { maxLength: 3 }).map((rows) => `[${rows}]`);
  const base64 = fc.oneof(row, array).map((text) => JSON.stringify(Buffer.from(text).toString('base64url')));
  return fc.oneof(
    { weight: 6, arbitrary: row },
    array,
    base64,
    row.map((text) => JSON.stringify(text)),
    fc.json(),
  );
}
