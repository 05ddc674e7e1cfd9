import { Logger } from '@aws-lambda-powertools/logger';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { answer } from './answer.ts';
import { catalog, deployedLayers } from './deployed-layers.ts';
import { unavailable } from './errors.ts';
import { proxyResult, readEvent } from './event.ts';
import { errorAnswer } from './representation.ts';

const layers = deployedLayers();
const logger = new Logger();

/** Metrics and questions over HTTP: `/metrics`, `/metrics/{name}`, `/questions`, `/questions/{name}`. */
export async function handler(event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> {
  try {
    return proxyResult(await answer(readEvent(event), catalog, layers));
  } catch (error) {
    logger.error('A layer cannot be read', error as Error);
    return proxyResult(errorAnswer(unavailable('A layer cannot be read at the moment.')));
  }
}
