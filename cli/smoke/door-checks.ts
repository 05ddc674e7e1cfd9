import type { FeedName } from '../../model/rules/rule.ts';
import { type Answer, asciiJson, type Headers, jsonBody, type Send } from '../emulator/door.ts';
import { type Check, expectError, expectJson, expectThat } from './check.ts';
import { freshIndexes, geoRow, pinRow, type SentRow, userRow } from './rows.ts';

export interface Door {
  /** The invoke URL with its stage. */
  readonly url: string;
  readonly deployment: string;
  readonly send: Send;
  /** The same without what the API asks of its callers; absent where it asks for nothing. */
  readonly anonymous?: Send;
  /** What API Gateway answers where there is no route: with IAM it takes the request for an unsigned one. */
  readonly noRoute: 404 | 403;
}

type Raw = SentRow['raw'];
type Call = (method: string, path: string, body?: string, headers?: Headers) => Promise<Answer>;

/** Written in this order: a row in each accepted shape. `sent` gets what was accepted. */
export function doorChecks(door: Door, sent: SentRow[]): Check[] {
  const call: Call = (method, path, body = '', headers = jsonBody) =>
    door.send(method, routeOf(door, path), body, headers);
  return [
    ...readChecks(door, call),
    ...writeChecks(door, call, sent),
    ...refusalChecks(door, call),
    ...corsChecks(door, call),
  ];
}

const routeOf = ({ url }: Door, path: string): URL => new URL(`${url.replace(/\/+$/, '')}/${path}`);
const streamOf = ({ deployment }: Door, feed: FeedName): string => `streaming-${deployment}-${feed}`;

function readChecks(door: Door, call: Call): Check[] {
  const about = 'read';
  const names = (['geo', 'pin', 'user'] as const).map((feed) => streamOf(door, feed));
  const listed = async (answer: Answer) => {
    const found = expectJson(answer, 200)['StreamNames'];
    expectThat(
      JSON.stringify(found) === JSON.stringify(names),
      `StreamNames is ${JSON.stringify(found)}, not ${names}`,
    );
    return names.join(', ');
  };
  return [
    { about, name: 'GET streams', run: async () => listed(await call('GET', 'streams', '', {})) },
    { about, name: 'GET streams/ with a JSON body', run: async () => listed(await call('GET', 'streams/', '{}')) },
    {
      about,
      name: 'GET streams?Limit=1',
      run: async () => {
        const { StreamNames, HasMoreStreams } = expectJson(await call('GET', 'streams?Limit=1', '', {}), 200);
        const isFirst = JSON.stringify(StreamNames) === JSON.stringify(names.slice(0, 1)) && HasMoreStreams === true;
        expectThat(isFirst, `the answer is ${JSON.stringify({ StreamNames, HasMoreStreams })}`);
        return `${names[0]}, and more`;
      },
    },
    ...names.map((name) => ({
      about,
      name: `GET streams/${name}`,
      run: async () => {
        const description = expectJson(await call('GET', `streams/${name}`, '', {}), 200)['StreamDescription'];
        const { StreamName, StreamStatus } = (description ?? {}) as Raw;
        expectThat(StreamName === name, `StreamName is ${StreamName}`);
        expectThat(StreamStatus === 'ACTIVE', `StreamStatus is ${StreamStatus}`);
        return 'ACTIVE';
      },
    })),
  ];
}

function writeChecks(door: Door, call: Call, sent: SentRow[]): Check[] {
  const about = 'write';
  const indexes = freshIndexes();
  const next = (): number => indexes.next().value as number;
  const post = (title?: string): Raw => pinRow(next(), title);
  const key = 'smoke';
  const pin = streamOf(door, 'pin');

  interface Odd {
    readonly feed?: FeedName;
    readonly verb?: string;
    readonly slash?: string;
  }
  /** `body` makes the request of the rows. */
  const one = <R extends readonly Raw[]>(name: string, rows: R, body: (...rows: R) => string, odd: Odd = {}): Check => {
    const { feed = 'pin', verb = 'PUT', slash = '' } = odd;
    return {
      about,
      name: `${verb} record${slash}: ${name}`,
      run: async () => {
        const answer = await call(verb, `streams/${streamOf(door, feed)}/record${slash}`, body(...rows));
        const { ShardId, SequenceNumber } = expectJson(answer, 200);
        return accept(sent, feed, rows, ShardId, SequenceNumber);
      },
    };
  };
  const several = (name: string, verb: string, body: (rows: readonly Raw[]) => unknown): Check => ({
    about,
    name: `${verb} records: ${name}`,
    run: async () => {
      const rows = [post(), post()];
      const json = expectJson(await call(verb, `streams/${pin}/records`, asciiJson(body(rows))), 200);
      const records = json['Records'] as readonly Raw[];
      expectThat(json['FailedRecordCount'] === 0, `FailedRecordCount is ${json['FailedRecordCount']}`);
      expectThat(records?.length === rows.length, `${records?.length} results for ${rows.length} records`);
      for (const [at, { ShardId, SequenceNumber }] of records.entries()) {
        accept(sent, 'pin', [rows[at]!], ShardId, SequenceNumber);
      }
      return `${rows.length} records`;
    },
  });
  const record = (Data: unknown, PartitionKey = key, StreamName = pin) => asciiJson({ StreamName, Data, PartitionKey });
  const lowerCase = (rows: readonly Raw[]) => ({ records: rows.map((data) => ({ data, 'partition-key': key })) });
  const encoded = (row: Raw) => Buffer.from(JSON.stringify(row)).toString('base64');
  return [
    one('Data is an object', [post()], (row) => record(row)),
    one('instead of PUT', [post()], (row) => record(row), { verb: 'POST' }),
    one('as UTF-8 without escapes', [post()], (row) => JSON.stringify({ Data: row, PartitionKey: key })),
    one('Data is an array of one row', [post()], (...rows) => record(rows)),
    one('Data is an array of two rows', [post(), post()], (...rows) => record(rows)),
    one('Data is a JSON string', [post()], (row) => record(JSON.stringify(row))),
    one('Data is a base64 string', [post()], (row) => record(encoded(row))),
    one('trailing slash', [post()], (row) => record(row), { slash: '/' }),
    one('hostile partition key', [post()], (row) => record(row, `"}, 'x' \n\\ $ctx #end 😀`)),
    one('the path decides the stream', [post()], (row) => record(row, key, '{self.stream_name}')),
    one('control characters', [post('control \u0000 \u0001 \u001f \u2028 characters')], (row) => record(row)),
    one('geo, very small numbers', [geoRow(next())], (row) => record(row), { feed: 'geo' }),
    one('user', [userRow(next())], (row) => record(row), { feed: 'user' }),
    several('lower-case names', 'PUT', lowerCase),
    several('capitals', 'PUT', (rows) => ({ Records: rows.map((Data) => ({ Data, PartitionKey: key })) })),
    several('instead of PUT', 'POST', lowerCase),
    one('a foreign row, for the quarantine', [{ name: 'Maya' }], (row) => record(row)),
  ];
}

function accept(sent: SentRow[], feed: FeedName, rows: readonly Raw[], shardId: unknown, sequence: unknown): string {
  expectThat(/^shardId-\d{12}$/.test(String(shardId)), `ShardId is ${shardId}`);
  expectThat(/^\d{1,56}$/.test(String(sequence)), `SequenceNumber is ${sequence}`);
  for (const raw of rows) sent.push({ feed, raw, shardId: String(shardId), sequenceNumber: String(sequence) });
  return String(shardId);
}

function refusalChecks(door: Door, call: Call): Check[] {
  const pin = streamOf(door, 'pin');
  const row = { index: 1 };
  const records = (...elements: unknown[]) => asciiJson({ records: elements });
  const good = { data: row, 'partition-key': 'k' };
  const tooLarge = asciiJson({ Data: { text: 'x'.repeat(1_100_000) }, PartitionKey: 'k' });
  const refused = (name: string, status: number, message: RegExp, path: string, body: string, headers?: Headers) => ({
    about: 'refuse',
    name,
    run: async () => expectError(await call('PUT', path, body, headers), status, message),
  });
  const one = `streams/${pin}/record`;
  const several = `streams/${pin}/records`;
  const checks: Check[] = [
    refused('Data is missing', 400, /Data/, one, '{"PartitionKey": "k"}'),
    refused('Data is null', 400, /Data/, one, '{"Data": null, "PartitionKey": "k"}'),
    refused('PartitionKey is empty', 400, /PartitionKey/, one, asciiJson({ Data: row, PartitionKey: '' })),
    refused('PartitionKey is too long', 400, /256/, one, asciiJson({ Data: row, PartitionKey: 'k'.repeat(257) })),
    refused('records is empty', 400, /records/, several, records()),
    refused('an element without data', 400, /records\[1\]\.data/, several, records(good, { 'partition-key': 'k' })),
    refused('501 elements', 400, /500/, several, records(...Array(501).fill(good))),
    refused('no JSON', 400, /./, one, '{"Data": '),
    refused('a record over 1 MiB', 413, /MiB/, one, tooLarge),
    refused('another content type', 415, /application\/json/, one, 'x', { 'Content-Type': 'text/plain' }),
    refused(
      'an unknown stream',
      404,
      new RegExp(pin),
      `streams/${pin}-nosuch/record`,
      asciiJson({ Data: row, PartitionKey: 'k' }),
    ),
    refused('no stream', door.noRoute, /./, 'streams//record', asciiJson({ Data: row, PartitionKey: 'k' })),
    refused('an unknown route', door.noRoute, /no such route/i, 'nosuch', '{}'),
  ];
  const { anonymous } = door;
  if (anonymous) {
    checks.push({
      about: 'refuse',
      name: 'a caller without credentials',
      run: async () => expectError(await anonymous('GET', routeOf(door, 'streams'), ''), 403, /./),
    });
  }
  return checks;
}

function corsChecks(door: Door, call: Call): Check[] {
  const path = `streams/${streamOf(door, 'pin')}/record`;
  const preflight = { Origin: 'https://example.com', 'Access-Control-Request-Method': 'PUT' };
  return [
    {
      about: 'CORS',
      name: 'OPTIONS record',
      run: async () => {
        const { status, headers } = await call('OPTIONS', path, '', preflight);
        expectThat(status === 204 || status === 200, `status ${status} instead of 204`);
        expectThat(headers['access-control-allow-origin'] === '*', 'no Access-Control-Allow-Origin: *');
        const methods = String(headers['access-control-allow-methods']);
        expectThat(/\bPUT\b/.test(methods), `Access-Control-Allow-Methods is ${methods}`);
        return methods;
      },
    },
  ];
}
