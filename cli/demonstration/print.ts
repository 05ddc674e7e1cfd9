import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { Part } from '../../model/post.ts';
import type { FeedName } from '../../model/rules/rule.ts';
import { quarantineLines } from '../accounting/print.ts';
import { type Clients, localKey } from '../aws.ts';
import { courseQuestions } from '../batch/answers.ts';
import type { DoorAuth } from '../door-auth.ts';
import { feedNames, syntheticPost } from '../emulator/posts.ts';
import { syntheticPosts } from '../emulator/synthetic.ts';
import { table } from '../table.ts';
import { type Demonstration, demonstrated } from './demonstration.ts';
import { followedEvery, pollMs, quantile } from './latency.ts';

/** By feed: what was sent in this run, what the deployment now holds, and how long it took. */
export function demonstrationTable({ sent, account, latenciesMs }: Demonstration): string {
  const head = ['feed', 'sent', 'accepted', 'rows', 'applied', 'duplicate', 'superseded', 'quarantined', 'missing'];
  const rows = feedNames.map((feed) => {
    const { rows, applied, duplicate, superseded, quarantined, missing } = account[feed];
    const run = sent.feeds[feed];
    return [
      ...[feed, run.sent, run.accepted, rows, applied, duplicate, superseded, quarantined, missing],
      milliseconds(latenciesMs[feed], 0.5),
      milliseconds(latenciesMs[feed], 0.99),
    ];
  });
  return [
    table([[...head, 'p50', 'p99'], ...rows]),
    ...quarantineLines(account),
    '  sent and accepted: records of this run; the rest: all rows of the speed layer, earlier starts included',
    `  p50 and p99: from the POST until the part is read in the table, of one post in ${followedEvery}, to within ${pollMs} ms`,
  ].join('\n');
}

function milliseconds(values: readonly number[], q: number): string {
  const value = quantile(values, q);
  return value === undefined ? '-' : `${value} ms`;
}

/** The first post of the demonstration that nothing was done to, as it was sent and as it is stored. */
export async function onePost(clients: Clients, tableName: string): Promise<string> {
  const { index, came } = untouchedPost();
  const { Item: item = {} } = await clients.dynamodb.send(
    new GetCommand({ TableName: tableName, Key: { ind: index } }),
  );
  const lines = feedNames.flatMap((feed) => [
    `    ${feed.padEnd(4)}  came     ${shortJson(came[feed])}`,
    `          cleaned  ${shortJson({ ind: index, ...(item[feed] as Part | undefined)?.fields })}`,
  ]);
  return [`  Post ${index}, as it came and as it was cleaned`, ...lines].join('\n');
}

export function untouchedPost(): { index: number; came: Readonly<Record<FeedName, unknown>> } {
  for (const { index, rows } of syntheticPosts(demonstrated)) {
    if (rows.every(([, { dirt }]) => dirt === undefined)) {
      return { index: Number(index), came: syntheticPost(demonstrated.seed, Number(index)) };
    }
  }
  throw new RangeError('The demonstration sends no post as it is.');
}

const longest = 48;

function shortJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'string' && part.length > longest ? `${[...part].slice(0, longest).join('')}…` : part,
  );
}

export interface Places {
  /** Of the API, with its stage. */
  readonly url: string;
  readonly auth: DoorAuth;
  /** Of the AWS services. */
  readonly endpoint: string;
  /** The file that has the profile of AWS clients. */
  readonly awsConfig: string;
  readonly consoleUrl?: string;
}

/** Where things are, and a command for each of curl, the AWS CLI and Python. */
export function thingsToTry(places: Places, deployment: string, tableName: string): string {
  const { url, endpoint, awsConfig, consoleUrl } = places;
  const { index } = untouchedPost();
  const row = {
    index: 20_000,
    unique_id: 'mine',
    title: 'My own post',
    description: 'No description available',
    poster_name: 'me',
    follower_count: '1.2k',
    category: 'art',
  };
  const stream = `streaming-${deployment}-pin`;
  const body = JSON.stringify({ StreamName: stream, PartitionKey: 'mine', Data: row });
  const key = JSON.stringify({ ind: { N: String(row.index) } });
  return [
    ...(consoleUrl === undefined ? [] : [`  Console       ${consoleUrl}`]),
    `  API           ${url}`,
    `  AWS endpoint  ${endpoint}   (docs/clients.md)`,
    '',
    `${curl(places)}/streams/${stream}/record -X PUT -H 'Content-Type: application/json' -d '${body}'`,
    `${curl(places)}/questions/${courseQuestions[0]!.name}`,
    `${curl(places)}/metrics`,
    `export AWS_CONFIG_FILE='${awsConfig}' AWS_PROFILE=pinflow`,
    `aws dynamodb get-item --table-name ${tableName} --key '${key}'`,
    `python3 -c "import boto3; print(boto3.resource('dynamodb').Table('${tableName}').get_item(Key={'ind': ${index}})['Item'])"`,
  ].join('\n');
}

/** What asks the API, up to its URL. */
export const curl = ({ url, auth }: Pick<Places, 'url' | 'auth'>): string => `curl${curlAuth(auth)} ${url}`;

function curlAuth(auth: DoorAuth): string {
  if (auth.kind === 'api-key') return ` -H 'x-api-key: ${auth.key}'`;
  const { accessKeyId, secretAccessKey } = localKey;
  return auth.kind === 'iam'
    ? ` --aws-sigv4 aws:amz:${auth.region}:execute-api --user ${accessKeyId}:${secretAccessKey}`
    : '';
}

export const seconds = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
