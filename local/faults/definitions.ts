import type { AccessRequest } from '../access/caller.ts';
import { ServiceError } from '../services/service.ts';

/** A fault that AWS causes by itself, as something that can be caused here. */
export interface FaultDefinition {
  readonly describe: string;
  /** Calls that it meets, by their IAM actions. */
  readonly actions: readonly string[];
  /** What a call that it meets is answered. @default - the call is held up, and then goes through */
  readonly refusal?: (request: AccessRequest) => InjectedError;
}

/** An answer that comes from a fault, not from the service. */
export class InjectedError extends ServiceError {}

/** The function fails; the call that invokes it does not. */
export class InvocationError extends InjectedError {}

const INJECTED = ', by a fault that somebody caused.';
const TABLE_READS = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query', 'dynamodb:Scan'];
const TABLE_WRITES = ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:BatchWriteItem'];

/**
 * Named after the actions of AWS Fault Injection Service, behind the service that they meet.
 * https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html
 */
export const FAULTS: Readonly<Record<string, FaultDefinition>> = {
  'dynamodb:inject-api-throttle-error': {
    describe: 'DynamoDB refuses reads and writes for their number',
    actions: [...TABLE_READS, ...TABLE_WRITES],
    refusal: throttled,
  },
  'dynamodb:inject-api-internal-error': {
    describe: 'DynamoDB answers reads and writes with 500',
    actions: [...TABLE_READS, ...TABLE_WRITES],
    refusal: () => new InjectedError('InternalServerError', `Internal server error${INJECTED}`, 500),
  },
  'kinesis:inject-api-internal-error': {
    describe: 'Kinesis answers puts with 500',
    actions: ['kinesis:PutRecord', 'kinesis:PutRecords'],
    refusal: () => new InjectedError('InternalFailure', `Internal service error${INJECTED}`, 500),
  },
  'lambda:inject-api-internal-error': {
    describe: 'Lambda takes no invocations and answers with 500',
    actions: ['lambda:InvokeFunction'],
    refusal: () => new InjectedError('ServiceException', `Lambda failed${INJECTED}`, 500),
  },
  'lambda:invocation-error': {
    describe: 'functions fail before they begin',
    actions: ['lambda:InvokeFunction'],
    refusal: () => new InvocationError('InvocationError', `The function failed${INJECTED}`, 200),
  },
  'lambda:invocation-add-delay': {
    describe: 'functions begin late, by --delay milliseconds',
    actions: ['lambda:InvokeFunction'],
  },
};

/** As for a table on demand: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TroubleshootingThrottling.html */
function throttled({ action, resource }: AccessRequest): InjectedError {
  const reason = `Table${TABLE_READS.includes(action) ? 'Read' : 'Write'}KeyRangeThroughputExceeded`;
  const message = `Throughput exceeds the current capacity of the table${INJECTED}`;
  return new InjectedError('ThrottlingException', message, 400, { ThrottlingReasons: [{ reason, resource }] });
}
