import { type IResource, LambdaIntegration, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { feedNames } from '../../model/rules/rule.ts';
import type { ApiAccess } from './api-access.ts';
import { addPreflight } from './preflight.ts';
import {
  by,
  CONSUME,
  DESCRIBE_TOPIC,
  type Documented,
  documentMethod,
  LIST_TOPICS,
  PRODUCE,
  postRow,
} from './route-documentation.ts';

/**
 * Bodies of these types reach the function byte for byte, in base64. Never all types, which would bypass the templates of
 * the streams.
 */
export const KAFKA_MEDIA_TYPES = [
  'application/vnd.kafka.json.v2+json',
  'application/vnd.kafka.binary.v2+json',
  'application/vnd.kafka.v2+json',
  'application/octet-stream',
] as const;

/** `/topics`, as Confluent's REST proxy has it, and the oldest door, a route for each feed. The function answers all. */
export function addTopicRoutes(api: RestApi, kafkaRest: IFunction, access: ApiAccess): void {
  const integration = new LambdaIntegration(kafkaRest, {
    proxy: true,
    // One permission for the API instead of one for each method.
    scopePermissionToMethod: false,
  });
  const add = (resource: IResource, methods: Readonly<Record<string, Documented>>) => {
    for (const [verb, documented] of Object.entries(methods)) {
      documentMethod(resource.addMethod(verb, integration, access.methodOptions), documented);
    }
    addPreflight(resource, Object.keys(methods));
  };
  const topics = api.root.addResource('topics');
  add(topics, { GET: LIST_TOPICS });
  add(topics.addResource('{topic-name}'), { GET: DESCRIBE_TOPIC, POST: PRODUCE });
  add(api.root.addResource('consumers').addResource('{proxy+}'), {
    GET: by('Get', CONSUME),
    POST: by('Post', CONSUME),
    DELETE: by('Delete', CONSUME),
  });
  for (const feed of feedNames) add(api.root.addResource(feed), { POST: postRow(feed) });
}
