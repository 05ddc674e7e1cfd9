import { feeds } from '../../../model/feeds/index.ts';
import { type FeedName, feedNames } from '../../../model/rules/rule.ts';
import {
  type DoorAnswer,
  ErrorCode,
  jsonAnswer,
  KAFKA_JSON_TYPE,
  kafkaAnswer,
  RefusedError,
  refusal,
} from './answers.ts';
import { readFeedRequest } from './feed-request.ts';
import { failureAnswer, produce, produceAnswer } from './produce.ts';
import { readProduceRequest } from './produce-request.ts';
import { BrokerError, type Topics } from './topics.ts';

export interface DoorRequest {
  readonly method: string;
  /** Below the stage: `['topics', 'demo.pin']`. */
  readonly path: readonly string[];
  /** Without parameters, in lower case. */
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
}

export interface DoorOptions {
  readonly topics: Topics;
  /** The deployment's own; there are no others. */
  readonly names: Readonly<Record<FeedName, string>>;
  /** A number for each request, so that requests without keys take turns. */
  readonly spread: () => number;
}

const hint =
  'This is not the whole REST proxy: records are written here and read elsewhere. Read topics with a Kafka client on the brokers, or what landed in the raw bucket.';

/** Answers a request of Confluent's REST proxy (v2), or of the oldest form, `POST /pin`. Throws only for a bug. */
export async function answer(request: DoorRequest, options: DoorOptions): Promise<DoorAnswer> {
  try {
    return await route(request, options);
  } catch (error) {
    if (error instanceof RefusedError) return refusal(error.code, error.message);
    if (error instanceof BrokerError) return failureAnswer(error.failure);
    throw error;
  }
}

async function route(request: DoorRequest, options: DoorOptions): Promise<DoorAnswer> {
  const { method, path } = request;
  const [root, name, ...rest] = path;
  const names = feedNames.map((feed) => options.names[feed]);
  const feed = feedNames.find((each) => each === root);
  if (root === 'consumers') throw new RefusedError(ErrorCode.notImplemented, hint);
  if (feed !== undefined && name === undefined) {
    return method === 'POST' ? postRow(feed, request, options) : wrongMethod(request, 'POST');
  }
  if (root !== 'topics' || rest.length > 0) {
    throw new RefusedError(ErrorCode.notFound, `There is no /${path.join('/')}; use /topics or /topics/{topic}.`);
  }
  if (name === undefined) return method === 'GET' ? kafkaAnswer(names) : wrongMethod(request, 'GET');
  if (method !== 'GET' && method !== 'POST') return wrongMethod(request, 'GET and POST');
  if (!names.includes(name)) {
    const message = `Topic not found. There is no topic ${name}; the topics of this deployment are ${names.join(', ')}. A deployment with another id is made by -c deployment=<id>.`;
    throw new RefusedError(ErrorCode.topicNotFound, message);
  }
  return method === 'GET' ? describe(name, options) : postRecords(name, request, options);
}

async function postRecords(topic: string, { contentType, body }: DoorRequest, options: DoorOptions) {
  if (contentType !== KAFKA_JSON_TYPE) {
    const message = `The Content-Type ${contentType ?? '(none)'} is not supported; send ${KAFKA_JSON_TYPE}.`;
    throw new RefusedError(ErrorCode.unsupportedMediaType, message);
  }
  const records = readProduceRequest(body);
  return produceAnswer(await produce(options.topics, topic, records, options.spread()));
}

async function postRow(feed: FeedName, { body }: DoorRequest, { topics, names, spread }: DoorOptions) {
  const read = readFeedRequest(feeds[feed], body);
  if (!read.ok) return jsonAnswer(422, { detail: read.detail });
  const [fate] = await produce(topics, names[feed], [{ key: null, value: read.text }], spread());
  return 'failure' in fate! ? failureAnswer(fate.failure) : jsonAnswer(200, read.row);
}

async function describe(name: string, { topics }: DoorOptions): Promise<DoorAnswer> {
  const partitions = (await topics.partitions(name)).map(({ id, leader, replicas, inSync }) => ({
    partition: id,
    leader,
    replicas: replicas.map((broker) => ({ broker, leader: broker === leader, in_sync: inSync.includes(broker) })),
  }));
  return kafkaAnswer({ name, configs: {}, partitions });
}

function wrongMethod({ method, path }: DoorRequest, allowed: string): never {
  throw new RefusedError(ErrorCode.methodNotAllowed, `/${path.join('/')} does not take ${method}; use ${allowed}.`);
}
