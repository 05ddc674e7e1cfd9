import { createHash } from 'node:crypto';
import type { ResourceRequest } from './resource.ts';

/** An id as API Gateway makes them, the same at every start. */
export const apiGatewayId = ({ stack, logicalId }: ResourceRequest, length = 10): string =>
  BigInt(`0x${createHash('sha256').update(`${stack}/${logicalId}`).digest('hex')}`)
    .toString(36)
    .slice(0, length);
