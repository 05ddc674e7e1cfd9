import fc from 'fast-check';

/** One request, and the stream that its path names where it is a path to a stream. */
export interface FuzzedRequest {
  readonly method: string;
  readonly path: string;
  readonly stream: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
}

const OWN = ['streaming-demo-pin', 'streaming-demo-geo', 'streaming-demo-user'];

const hostile = fc.constantFrom(
  `"'\\`,
  '$input.body ${x} $!y #set($a = 1) #end ## #[[ ]]#',
  '"}, "StreamName": "streaming-demo-geo", "x": "',
  '\u0000\u001f\u007f\u2028\ufeff',
  '😀é\ud800',
  '../../..',
  'null',
  '',
);
const text = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: hostile },
);
const number = fc.constantFrom('0', '-0', '1.0', '1E400', '12345678901234567890', '0.1234567890123456789', '-1e-7');

/** Escapes of every kind for the same text. */
const escaped = (part: string, style: number): string =>
  style === 0
    ? encodeURIComponent(part.toWellFormed())
    : [...Buffer.from(part)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

const streamName = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...OWN) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('streaming-0a1b2c-pin', 'streaming-demo-pin-dlq', 'streaming-demo-', '*', '.', 'x'),
  },
  { weight: 1, arbitrary: text },
);
const slashes = fc.constantFrom('/', '/', '/', '/', '//', '///');
const stage = fc.constantFrom('/prod', '/prod', '/prod', '', '/test', '/', '/prod/');
const query = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom('Limit', 'ExclusiveStartStreamName', 'limit', 'x', 'stream-name'), text)
      .map(([name, value]) => `?${name}=${escaped(value, 0)}`),
  },
  { weight: 1, arbitrary: fc.constantFrom('?', '?&&', '?a', '?%', '?=1', '??', '?Limit=1&Limit=2', '?a=%zz') },
);

interface Target {
  readonly path: string;
  readonly stream: string | undefined;
}

const knownPath: fc.Arbitrary<Target> = fc
  .tuple(
    stage,
    slashes,
    streamName,
    fc.nat(1),
    fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom('/record', '/records') },
      { weight: 1, arbitrary: fc.constantFrom('', '/Record', '//record', '/record/more') },
    ),
    fc.constantFrom('', '', '/'),
    query,
  )
  .map(([before, slash, stream, style, action, after, search]) => ({
    path: `${before}${slash}streams/${escaped(stream, style)}${action}${after}${search}`,
    stream: Buffer.from(stream).toString(),
  }));
const otherPath: fc.Arbitrary<Target> = fc
  .oneof(
    fc
      .tuple(stage, fc.constantFrom('/streams', '/streams/', '/', '/topics/x', '/streams//record', ''), query)
      .map((parts) => parts.join('')),
    fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 30 }),
    fc.constantFrom('/%zz', '/streams/%', '/streams/%ff/record', '*', 'http://elsewhere/prod/streams', '/..;/'),
  )
  .map((path) => ({
    path: path.startsWith('/') || path === '*' || path.startsWith('http:') ? path : `/${path}`,
    stream: undefined,
  }));

const data = fc.oneof(
  { weight: 4, arbitrary: fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)) },
  { weight: 2, arbitrary: text.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: number },
  {
    weight: 1,
    arbitrary: fc.constantFrom('null', '{}', '[]', '""', '"null"', '{"__proto__":{"a":1},"constructor":2}'),
  },
);
const key = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }).map((value) => JSON.stringify(value)),
  },
  { weight: 2, arbitrary: text.map((value) => JSON.stringify(value)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('null', '1', '{}', '[]', 'true', '""', `"${'k'.repeat(256)}"`, `"${'k'.repeat(257)}"`),
  },
);

/** JSON text of an object, some of its members missing or twice there. */
const object = (members: readonly (readonly [string, fc.Arbitrary<string>])[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      ...members.map(([name, value]) =>
        fc
          .tuple(value, fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 1, 0, 2))
          .map(([json, times]) => Array<string>(times).fill(`${JSON.stringify(name)}:${json}`)),
      ),
    )
    .map((parts) => `{${parts.flat().join(',')}}`);

const element = fc.oneof(
  {
    weight: 8,
    arbitrary: object([
      ['data', data],
      ['partition-key', key],
    ]),
  },
  {
    weight: 4,
    arbitrary: object([
      ['Data', data],
      ['PartitionKey', key],
    ]),
  },
  { weight: 1, arbitrary: data },
);
const list = fc.oneof(
  { weight: 8, arbitrary: fc.array(element, { maxLength: 5 }).map((elements) => `[${elements.join(',')}]`) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(data, key, fc.constantFrom(1, 2, 20, 500, 501))
      .map(([value, own, count]) => `[${Array(count).fill(`{"data":${value},"partition-key":${own}}`).join(',')}]`),
  },
  { weight: 1, arbitrary: data },
);
const recordBody = object([
  ['StreamName', fc.constantFrom(...OWN).map((name) => JSON.stringify(name))],
  ['Data', data],
  ['PartitionKey', key],
]);
const recordsBody = fc.oneof(
  object([['records', list]]),
  object([['Records', list]]),
  object([
    ['records', list],
    ['Records', list],
  ]),
);
const brokenBody = fc.oneof(
  fc.tuple(fc.oneof(recordBody, recordsBody), fc.nat()).map(([body, at]) => body.slice(0, at % (body.length + 1))),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc.tuple(recordBody, fc.nat(255), fc.nat()).map(([body, byte, at]) => {
    const bytes = Buffer.from(body);
    bytes[at % bytes.length] = byte;
    return bytes;
  }),
  fc.constantFrom(
    '',
    ' ',
    '\ufeff{}',
    '[',
    `{"Data":${'['.repeat(3000)}${']'.repeat(3000)},"PartitionKey":"k"}`,
    '{"ShardCount":2}',
    '{"ShardCount":0}',
  ),
  fc.constant(JSON.stringify({ Data: 'x'.repeat(1_100_000), PartitionKey: 'k' })),
);
/** Most paths get a body of their kind. */
const bodyFor = (path: string): fc.Arbitrary<string | Buffer | undefined> =>
  fc.oneof(
    { weight: 10, arbitrary: path.includes('/records') ? recordsBody : recordBody },
    { weight: 1, arbitrary: path.includes('/records') ? recordBody : recordsBody },
    { weight: 3, arbitrary: brokenBody },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );

const headerText = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
});
const headers = fc
  .tuple(
    fc.constantFrom<Record<string, string>>(
      ...Array<Record<string, string>>(6).fill({ 'Content-Type': 'application/json' }),
      {},
      {},
      { 'Content-Type': 'application/json; charset=utf-16' },
      { 'Content-Type': 'text/plain' },
      { 'Content-Type': 'application/vnd.kafka.json.v2+json' },
      { 'Content-Type': ';' },
      { 'Content-Type': 'Application/JSON;' },
    ),
    fc.dictionary(
      fc.constantFrom(
        'Accept',
        'Authorization',
        'X-Api-Key',
        'X-HTTP-Method-Override',
        'Content-Encoding',
        'X-Amz-Date',
        'Origin',
        'X-Amz-Target',
        'stream-name',
        '__proto__',
      ),
      headerText,
      { maxKeys: 2 },
    ),
  )
  .map(([type, more]) => ({ ...more, ...type }));

const verb = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom('PUT', 'POST') },
  {
    weight: 3,
    arbitrary: fc.constantFrom('GET', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'M-SEARCH'),
  },
);

/** Requests to the streams door: most of them nearly right, some of them anything. */
export const fuzzedRequest: fc.Arbitrary<FuzzedRequest> = fc
  .tuple(verb, fc.oneof({ weight: 6, arbitrary: knownPath }, { weight: 1, arbitrary: otherPath }), headers)
  .chain(([method, target, given]) =>
    bodyFor(target.path).map((body) => ({ method, ...target, headers: given, body })),
  );

/** What a request says of who sends it: rarely well formed. */
export const fuzzedAuthorization: fc.Arbitrary<Readonly<Record<string, string>>> = fc
  .tuple(
    fc.constantFrom('AWS4-HMAC-SHA256 ', 'AWS4-HMAC-SHA256', 'Basic ', ''),
    fc.constantFrom(
      'Credential=pinflow/20261121/us-east-1/execute-api/aws4_request',
      'Credential=',
      'Credential=a/b/c/d/aws4_request',
      '',
    ),
    fc.constantFrom(', SignedHeaders=host;x-amz-date', ', SignedHeaders=', ',SignedHeaders=__proto__'),
    fc.constantFrom(`, Signature=${'0'.repeat(64)}`, ', Signature=x', ''),
    fc.constantFrom('20261121T120000Z', '', '20269999T999999Z', 'now'),
    headerText,
  )
  .map(([scheme, credential, signed, signature, date, any]) => ({
    Authorization: (scheme + credential + signed + signature || any).trim() || 'x',
    'X-Amz-Date': date,
    'X-Amz-Content-Sha256': any,
    'x-api-key': any,
  }));
