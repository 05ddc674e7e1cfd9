import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { AccessRequest, Caller } from '../../../local/access/caller.ts';
import { lambdaEventSourceMapping } from '../../../local/resources/lambda-event-source-mapping.ts';
import {
  EventSourceMappings,
  type EventSourceMappingsOptions,
} from '../../../local/services/lambda/event-sources/event-source-mappings.ts';
import type { InvocationResult } from '../../../local/services/lambda/function-definition.ts';
import { type JsonService, ServiceError } from '../../../local/services/service.ts';

export const ROLE: Caller = {
  kind: 'role',
  arn: 'arn:aws:iam::000000000000:role/reader',
  accessKeyId: 'ASIAREADER',
  secretAccessKey: 'secret',
};
export const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:reader';

export interface Harness {
  /** What the function says to an event. @default - null */
  handler: (event: unknown) => Promise<Partial<InvocationResult>> | Partial<InvocationResult>;
  /** An action of IAM that the role does not have. */
  denied: string | undefined;
  readonly events: unknown[];
  readonly objects: { bucket: string; key: string; body: string }[];
  readonly log: string[];
  open(): EventSourceMappings;
}

const unused = (): never => {
  throw new Error('not used in this test');
};

/** Mappings of one function, without Lambda, IAM and S3. */
export function mappingHarness(
  directory: () => string,
  sources: () => Partial<EventSourceMappingsOptions> & { services: readonly JsonService[] },
): Harness {
  const harness: Harness = {
    handler: () => ({}),
    denied: undefined,
    events: [],
    objects: [],
    log: [],
    open: () => {
      const { services, ...own } = sources();
      const authorize = (_: Caller, { action }: AccessRequest) => {
        if (action === harness.denied) throw new ServiceError('AccessDeniedException', action);
      };
      return new EventSourceMappings({
        region: 'us-east-1',
        file: join(directory(), 'checkpoints.sqlite'),
        frontDoor: {
          authorize,
          call: async (caller, name, operation, input) => {
            const service = services.find((one) => one.name === name)!;
            for (const request of service.access(operation, input)) authorize(caller, request);
            return service.call(operation, input, caller);
          },
        },
        functions: {
          role: () => ROLE,
          invoke: async (_, json) => {
            const event: unknown = JSON.parse(json);
            harness.events.push(event);
            return { requestId: 'r', payload: 'null', failed: false, ...(await harness.handler(event)) };
          },
        },
        streams: { read: unused, onPut: unused },
        changes: { getRecords: unused, lastSequenceNumber: unused, onRecords: unused },
        cluster: { call: unused, addNames: unused },
        objects: {
          putObject: async (_, bucket, key, body) => {
            harness.objects.push({ bucket, key, body });
          },
        },
        log: (line) => harness.log.push(line),
        ...own,
      });
    },
  };
  return harness;
}

/** Declares a mapping as a template does. @returns its id */
export async function define(mappings: EventSourceMappings, properties: Record<string, unknown>): Promise<string> {
  const { ref } = await lambdaEventSourceMapping(mappings).create({
    type: 'AWS::Lambda::EventSourceMapping',
    stack: 'speed',
    logicalId: 'Mapping',
    path: 'speed/Mapping',
    account: '000000000000',
    region: 'us-east-1',
    generatedName: () => 'generated',
    properties: { FunctionName: FUNCTION, StartingPosition: 'TRIM_HORIZON', ...properties },
  });
  return ref;
}

/**
 * Told how long something took, in milliseconds of this process: one that is held up does not age meanwhile, so what
 * takes as long as a limit of the product is told from what a busy machine does.
 */
export function stopwatch(): () => number {
  const STEP_MS = 10;
  let ms = 0;
  const timer = setInterval(() => {
    ms += STEP_MS;
  }, STEP_MS);
  return () => {
    clearInterval(timer);
    return ms;
  };
}

export async function until(condition: () => boolean, limitMs = 60_000): Promise<void> {
  for (let waited = 0; waited < limitMs && !condition(); waited += 10) await sleep(10);
  expect(condition()).toBe(true);
}
