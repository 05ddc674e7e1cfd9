import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { coordinateInKey } from '../../model/coordinates.ts';
import { feeds } from '../../model/feeds/index.ts';
import { type Post, sameFields } from '../../model/post.ts';
import { cleanRow } from '../../model/rules/clean-row.ts';
import { type DeployedNames, deployedNames } from '../accounting/deployed-names.ts';
import type { Clients } from '../aws.ts';
import { type Check, CheckFailedError, expectThat, SkippedError } from './check.ts';
import type { SentRow } from './rows.ts';

export interface LandingOptions {
  readonly clients: Clients;
  readonly deployment: string;
  readonly sent: readonly SentRow[];
  /** How long rows may take from the door to where they end. */
  readonly waitMs: number;
}

/** What became of the rows that the door took: posts as the model cleans them, and what it refuses in quarantine. */
export function landingChecks(options: LandingOptions): Check[] {
  const about = 'land';
  let names: DeployedNames | undefined;
  const found = (): DeployedNames => {
    if (names === undefined) throw new SkippedError('the names of the deployment are not known');
    return names;
  };
  return [
    {
      about,
      name: 'outputs of the stacks',
      run: async () => {
        names = await namesOrSkip(options);
        return `${names.postsTable}, ${names.quarantineBucket}`;
      },
    },
    { about, name: 'posts table', run: () => postsLand(options, found().postsTable) },
    { about, name: 'quarantine', run: () => quarantineLands(options, found()) },
  ];
}

async function namesOrSkip({ clients, deployment }: LandingOptions): Promise<DeployedNames> {
  try {
    return await deployedNames(clients, deployment);
  } catch (error) {
    if ((error as Error).name !== 'CredentialsProviderError') throw error;
    throw new SkippedError('there are no AWS credentials: set AWS_PROFILE, or give --profile');
  }
}

async function postsLand({ clients, sent, waitMs }: LandingOptions, table: string): Promise<string> {
  const expected = sent.flatMap(({ feed, raw }) => {
    const cleaned = cleanRow(feeds[feed], raw);
    return cleaned.ok ? [{ feed, cleaned }] : [];
  });
  expectThat(expected.length > 0, 'the door took no row');
  const deadline = Date.now() + waitMs;
  for (const { feed, cleaned } of expected) {
    const part = await until(deadline, `post ${cleaned.ind} is not in ${table}`, async () => {
      const get = new GetCommand({ TableName: table, Key: { ind: cleaned.ind }, ConsistentRead: true });
      return ((await clients.dynamodb.send(get)).Item as Post | undefined)?.[feed];
    });
    if (!sameFields(part.fields, cleaned.fields)) {
      const [is, should] = [part.fields, cleaned.fields].map((fields) => JSON.stringify(fields));
      throw new CheckFailedError(`post ${cleaned.ind} holds ${is} instead of ${should}`);
    }
  }
  return `${expected.length} rows, each as the model cleans it`;
}

async function quarantineLands({ clients, sent, waitMs }: LandingOptions, names: DeployedNames): Promise<string> {
  const row = sent.find(({ feed, raw }) => !cleanRow(feeds[feed], raw).ok);
  expectThat(row !== undefined, 'the door did not take the foreign row');
  const { feed, raw, shardId, sequenceNumber } = row;
  const topic = names.streams[feed];
  const key = coordinateInKey({ source: 'kinesis', topic, partition: shardId, offset: sequenceNumber, position: 0 });
  // The day of arrival, which is not told: today, or yesterday just after midnight.
  const days = [0, 86_400_000].map((ago) => new Date(Date.now() - ago).toISOString().slice(0, 10));
  const keys = days.map((day) => `quarantine/speed/${feed}/dt=${day}/${key}.json`);
  const text = await until(Date.now() + waitMs, `${keys[0]} is not in ${names.quarantineBucket}`, async () => {
    for (const Key of keys) {
      try {
        const object = await clients.s3.send(new GetObjectCommand({ Bucket: names.quarantineBucket, Key }));
        return await object.Body?.transformToString();
      } catch (error) {
        if ((error as Error).name !== 'NoSuchKey') throw error;
      }
    }
    return undefined;
  });
  const { rule, rawBase64 } = JSON.parse(text) as { rule: string; rawBase64: string };
  const kept = JSON.stringify(JSON.parse(Buffer.from(rawBase64, 'base64').toString('utf8')));
  expectThat(kept === JSON.stringify(raw), `the object holds ${kept} instead of ${JSON.stringify(raw)}`);
  return `one row, rule ${rule}`;
}

/** Asks until there is an answer. @throws CheckFailedError */
async function until<T>(deadline: number, otherwise: string, ask: () => Promise<T | undefined>): Promise<T> {
  const began = Date.now();
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() >= deadline) {
      throw new CheckFailedError(`${otherwise} after ${Math.round((deadline - began) / 1000)} s`);
    }
    await sleep(500);
  }
}
