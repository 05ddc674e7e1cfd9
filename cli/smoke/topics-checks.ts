import { type FeedName, feedNames } from '../../model/rules/rule.ts';
import type { Answer } from '../emulator/door.ts';
import { requestsTo } from '../emulator/doors.ts';
import { type Check, expectThat } from './check.ts';
import type { Door } from './door-checks.ts';
import { freshIndexes, pinRow } from './rows.ts';

/** A raw row that a topic took, and where it put its record. */
export interface TopicRow {
  readonly feed: FeedName;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** The topics door: what it tells, takes and refuses. `sent` gets what was accepted. */
export function topicsChecks(door: Door, sent: TopicRow[]): Check[] {
  const about = 'topics';
  const topic = `${door.deployment}.pin`;
  const call = (method: string, path: string, body = '', headers = {}): Promise<Answer> =>
    door.send(method, new URL(`${door.url.replace(/\/+$/, '')}/${path}`), body, headers);
  const indexes = freshIndexes();
  const post = () => pinRow(indexes.next().value as number);
  const refused = (name: string, status: number, code: number, send: () => Promise<Answer>): Check => ({
    about,
    name,
    run: async () => {
      const { error_code: told, message } = expectValue(await send(), status) as Readonly<Record<string, unknown>>;
      expectThat(told === code, `error_code is ${told}, not ${code}`);
      expectThat(typeof message === 'string' && message !== '', 'it does not say why');
      return `${status}, ${told}`;
    },
  });
  const { headers } = requestsTo.topics(door.deployment, 'pin', {}, 0);
  const records = (...rows: readonly object[]) => JSON.stringify({ records: rows.map((value) => ({ value })) });
  return [
    {
      about,
      name: 'GET topics',
      run: async () => {
        const names = feedNames.map((feed) => `${door.deployment}.${feed}`);
        const told = expectValue(await call('GET', 'topics'), 200);
        expectThat(
          JSON.stringify(told) === JSON.stringify(names),
          `the answer is ${JSON.stringify(told)}, not ${names}`,
        );
        return names.join(', ');
      },
    },
    {
      about,
      name: `GET topics/${topic}/`,
      run: async () => {
        const { name, partitions } = expectValue(await call('GET', `topics/${topic}/`), 200) as {
          readonly name?: unknown;
          readonly partitions?: readonly unknown[];
        };
        expectThat(name === topic && (partitions?.length ?? 0) > 0, `name is ${name}, partitions are ${partitions}`);
        return `${partitions!.length} partitions`;
      },
    },
    {
      about,
      name: `POST topics/${topic}: two records`,
      run: async () => {
        const rows = [post(), post()];
        const answer = await call('POST', `topics/${topic}`, records(...rows), headers);
        const { offsets } = expectValue(answer, 200) as {
          readonly offsets?: readonly Readonly<Record<string, unknown>>[];
        };
        expectThat(offsets?.length === rows.length, `${offsets?.length} offsets for ${rows.length} records`);
        for (const [at, { partition, offset, error }] of offsets.entries()) {
          const isPlace = Number.isInteger(partition) && Number.isInteger(offset);
          expectThat(isPlace, `record ${at} is nowhere: ${error}`);
          sent.push({ feed: 'pin', raw: rows[at]!, topic, partition: Number(partition), offset: Number(offset) });
        }
        return `partition ${offsets[0]!['partition']}, from offset ${offsets[0]!['offset']}`;
      },
    },
    {
      about,
      name: 'POST pin/: the oldest form',
      run: async () => {
        const row = post();
        const echo = expectValue(
          await call('POST', 'pin/', JSON.stringify(row), { 'Content-Type': 'application/json' }),
          200,
        );
        expectThat((echo as { index?: unknown }).index === row.index, 'the answer is not the row');
        return 'the row comes back';
      },
    },
    refused('an unknown topic', 404, 40401, () => call('POST', `topics/${topic}-nosuch`, records(post()), headers)),
    refused('another content type', 415, 415, () =>
      call('POST', `topics/${topic}`, records(post()), { 'Content-Type': 'application/json' }),
    ),
    refused('no records', 422, 42201, () => call('POST', `topics/${topic}`, records(), headers)),
    refused('consumers are not here', 501, 501, () => call('POST', 'consumers/smoke', '{}', headers)),
  ];
}

/** Whether the deployment has the topics door: an API without the route does not answer with topics. */
export async function hasTopicsDoor(door: Door): Promise<boolean> {
  const { status } = await door.send('GET', new URL(`${door.url.replace(/\/+$/, '')}/topics`), '', {});
  return status === 200;
}

/** JSON with the status, which a page of another origin may read. @throws CheckFailedError */
function expectValue({ status, body, headers, error }: Answer, wanted: number): unknown {
  expectThat(status !== 0, `no answer: ${error}`);
  expectThat(status === wanted, `status ${status} instead of ${wanted}: ${body.slice(0, 200)}`);
  expectThat(headers['access-control-allow-origin'] === '*', 'the answer has no Access-Control-Allow-Origin: *');
  try {
    return JSON.parse(body);
  } catch {
    return expectThat(false, `the body is no JSON: ${body.slice(0, 200)}`);
  }
}
