import fc from 'fast-check';
import { exampleRows } from '../../model/compile/wire-schemas.ts';
import { type Feed, type SourceRule, sourceColumns, sources } from '../../model/rules/rule.ts';

const text = (...texts: readonly string[]): readonly string[] => texts.map((each) => JSON.stringify(each));

/** Written as JSON. What one interpreter of numbers takes and another does not. */
const numbers: readonly string[] = [
  ...['0', '-0', '-0.0', '7', '1', '5.0', '5e0', '1e3', '1E+3', '1.5', '90', '-90', '90.00000000000001', '150', '151'],
  ...['1e21', '1e400', '-1e400', '1e-400', '5e-324', '1e-100', '9.9e-101', '-1e-7', '0.1', '0.30000000000000004'],
  ...['9007199254740991', '9007199254740992', '9007199254740993', '-9007199254740993', '123456789012345678901'],
  ...text('0', '-0', '007', '437', ' 7 ', '\n7\r\t', '5.0', '5.', '.5', '5.00', '+5', '--5', '-3', '1e3', '1E3', '1.5'),
  ...text(
    '12k',
    '12 k',
    '12k ',
    '12\u00a0k',
    '\u00a012k',
    '12k\u2003',
    '\ufeff7',
    '7\u0000',
    '1.25k',
    '1.2345k',
    '0.0005k',
  ),
  ...text(
    '1.50k',
    '2M',
    '2m',
    '2K',
    '1B',
    '90B',
    '9007199B',
    '9007200000B',
    '1.1kk',
    'k',
    '-1k',
    '-0k',
    '0.0k',
    '1,000',
  ),
  ...text(
    '１２',
    '٣',
    '７k',
    '1_000',
    '0x10',
    '0b1',
    '1e',
    '1e+',
    'e1',
    'Infinity',
    '-inf',
    'nan',
    'NaN',
    'null',
    'true',
  ),
  ...text('9007199254740991', '9007199254740992', '9'.repeat(400), `0.${'3'.repeat(400)}`, `1${'0'.repeat(15)}.0`),
  ...text('89.99999999999999999', '-90.0', '1e-7', '1e-400', '-1e400', '1E+2', '1d', '1f', '12L', '90.'),
];

/** The turn of a zone's clock, days and seconds that are not, zones, digits beyond a second, other calendars and forms. */
const moments: readonly string[] = text(
  ...[
    '2021-03-28T02:30:00',
    '2021-10-31T02:30:00',
    '2016-12-31T23:59:60',
    '2016-12-31T24:00:00',
    '2020-02-30 00:00:00',
  ],
  ...[
    '1900-02-29 00:00:00',
    '2000-02-29 00:00:00',
    '1582-10-10T12:00:00',
    '0000-01-01T00:00:00',
    '0001-01-01T00:00:00',
  ],
  ...[
    '9999-12-31T23:59:59.999999999',
    '10000-01-01T00:00:00',
    '-001-01-01T00:00:00',
    '2020-8-28T03:52:47',
    '2020-08-28',
  ],
  ...['2020-08-28T03:52:47Z', '2020-08-28T03:52:47+00:00', '2020-08-28T03:52:47+01:00', '2020-08-28T03:52:47-00:00'],
  ...[
    '2020-08-28T03:52:47z',
    '2020-08-28t03:52:47',
    '2020-08-28T03:52:47.',
    '2020-08-28T03:52:47.1',
    '2020-08-28T03:52:47,5',
  ],
  ...[
    '2020-08-28T03:52:47.0009999Z',
    '2020-08-28T03:52:47.1234567890',
    '2020:08:28 03:52:47.5+00:00',
    '2020-08:28 03:52:47',
  ],
  ...[
    ' 2020-08-28 03:52:47\t',
    '2020-08-28\u00a003:52:47',
    '2020-08-28  03:52:47',
    '２０２０-08-28 03:52:47',
    '1598586767',
  ],
);

const texts: readonly string[] = text(
  ...[
    '',
    ' ',
    '\u00a0',
    '\u0000',
    'null',
    'None',
    'NaN',
    'true',
    '-0',
    '1e3',
    'a\u00a0…',
    'a,b,c',
    'a|b',
    '*',
    '%2A',
    '#',
  ],
  ...['Local save in ', 'Local save in Local save in x', 'local save in /x', 'Local save in\u00a0/x', 'Local save in'],
  ...['No Title Data Available', 'No title data available', ' User Info Error', 'User Info Error', 'Image src error.'],
  ...[
    'No description available',
    'N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e',
    'Untitled',
    '"\\/\b\f\n\r\t',
    '\u2028\u2029\u007f\u0085',
  ],
  ...['é', 'e\u0301', 'İ', 'ß', 'ﬁ', '語', '\uffff', '\u{1f600}', '\u{10ffff}', '\ufeffa', 'a\u200b', '\u202eabc'],
  ...[
    'x'.repeat(16_384),
    'x'.repeat(16_385),
    'é'.repeat(8_192),
    `${'é'.repeat(8_192)}x`,
    '語'.repeat(5_461),
    '語'.repeat(5_462),
  ],
  ...['\u{1f600}'.repeat(4_096), '\u{1f600}'.repeat(4_097), `Local save in ${'x'.repeat(16_384)}`],
);

/** What is of no kind. */
const others = [
  'null',
  'true',
  'false',
  '[]',
  '["Travel","Paris"]',
  '[null]',
  '{}',
  '{"a":1}',
  '"\\ud800"',
  '"a\\udfffb"',
  '"\\ud83d\\ude00"',
];

const hostile: Readonly<Record<SourceRule['kind'], readonly string[]>> = {
  text: texts,
  count: numbers,
  integer: numbers,
  number: numbers,
  timestamp: moments,
};

/**
 * Rows of a feed, written as JSON. Most columns are as a sender has them, so that whatever is odd in one is met, however
 * far behind it stands: the first one that is refused ends the cleaning of a row.
 */
export function rowTexts(feed: Feed): fc.Arbitrary<string> {
  const example: Readonly<Record<string, unknown>> = exampleRows[feed.name];
  const rules = feed.columns.flatMap(({ rule }) => sources(rule));
  const key: SourceRule = { kind: 'integer', from: feed.key, min: 0, max: 0 };
  const value = ({ kind, from }: SourceRule): fc.Arbitrary<string> =>
    fc.oneof(
      { weight: 24, arbitrary: fc.constant(JSON.stringify(example[from] ?? null)) },
      { weight: 6, arbitrary: fc.constantFrom(...hostile[kind]) },
      { weight: 1, arbitrary: fc.constantFrom(...others) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary' }).map((each) => JSON.stringify(each)) },
      { weight: 1, arbitrary: fc.integer({ min: -1, max: 200 }).map(String) },
    );
  const values = Object.fromEntries([key, ...rules].map((rule) => [rule.from, value(rule)]));
  const some = [feed.key, ...sourceColumns(feed)].slice(0, Math.ceil(feed.columns.length / 2));
  const members = fc.oneof(
    { weight: 4, arbitrary: fc.record(values) },
    { weight: 1, arbitrary: fc.record(values, { requiredKeys: some }) },
  );
  const more = fc.constantFrom(
    '',
    '',
    '',
    ',"__proto__":{"ind":1}',
    ',"constructor":1',
    `,"${feed.key}":"9"`,
    ',"":[[]]',
  );
  return fc
    .tuple(members, more)
    .map(([each, last]) => `{${Object.entries(each).map(([name, json]) => `"${name}":${json}`)}${last}}`);
}
