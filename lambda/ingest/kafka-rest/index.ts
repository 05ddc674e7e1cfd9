import { Logger } from '@aws-lambda-powertools/logger';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import type { FeedName } from '../../../model/rules/rule.ts';
import { required } from '../../shared/environment.ts';
import { answer } from './door.ts';
import { proxyResult, readEvent } from './event.ts';
import { KafkaTopics } from './kafka-topics.ts';
import { brokerAccess } from './token.ts';

/** API Gateway waits 29 s. */
const longestMs = 20_000;
/** Kept back from the function's time for the answer. */
const reserveMs = 1_000;

const names = JSON.parse(required('TOPIC_BY_FEED')) as Readonly<Record<FeedName, string>>;
const topics = new KafkaTopics({ bootstrapServers: required('BOOTSTRAP_BROKERS'), ...brokerAccess() });
const logger = new Logger();
// Environments start at different places, so that they do not all begin with one partition.
let turn = Math.floor(Math.random() * 1_000);

/** The topics door: `/topics` and `/topics/{topic}` as Confluent's REST proxy (v2) has them, and the oldest form, `/pin`. */
export async function handler(event: APIGatewayProxyEvent, context: Context): Promise<APIGatewayProxyResult> {
  topics.deadline = Date.now() + Math.min(longestMs, context.getRemainingTimeInMillis() - reserveMs);
  const answered = await answer(readEvent(event), { topics, names, spread: () => turn++ });
  if (answered.status >= 500) logger.warn('Answered an error', { status: answered.status, answer: answered.body });
  return proxyResult(answered);
}
