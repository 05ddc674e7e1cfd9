import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../../access/caller.ts';
import { type FrontDoor, type HttpService, type JsonObject, ServiceError } from '../service.ts';
import type { Schedule, Scheduler } from './service.ts';

export interface SchedulerHttpOptions {
  readonly scheduler: Scheduler;
  readonly frontDoor: Pick<FrontDoor, 'authorize'>;
}

const ONE = /^\/schedules\/([^/]+)$/;

/** What a scheduler has, as its clients ask: https://docs.aws.amazon.com/scheduler/latest/APIReference/ */
export class SchedulerHttp implements HttpService {
  readonly name = 'scheduler';
  readonly errors = 'json';
  readonly #options: SchedulerHttpOptions;

  constructor(options: SchedulerHttpOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse, caller: Caller): Promise<void> {
    const { scheduler, frontDoor } = this.#options;
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://scheduler');
    const name = ONE.exec(pathname)?.[1];
    if (request.method === 'GET' && name !== undefined) {
      const group = searchParams.get('groupName') ?? 'default';
      const found = scheduler.schedules().find((one) => one.name === decodeURIComponent(name) && one.group === group);
      if (found === undefined) {
        throw new ServiceError('ResourceNotFoundException', `Schedule ${name} does not exist.`, 404);
      }
      frontDoor.authorize(caller, { action: 'scheduler:GetSchedule', resource: found.arn });
      send(response, body(found));
    } else if (request.method === 'GET' && pathname === '/schedules') {
      frontDoor.authorize(caller, { action: 'scheduler:ListSchedules', resource: '*' });
      const prefix = searchParams.get('NamePrefix') ?? '';
      const group = searchParams.get('ScheduleGroup');
      const asked = scheduler
        .schedules()
        .filter((one) => one.name.startsWith(prefix) && (group === null || one.group === group));
      send(response, { Schedules: asked.map(summary) });
    } else {
      const asked = `${request.method} ${pathname}`;
      throw new ServiceError('UnknownOperationException', `The local Scheduler does not have ${asked}.`, 404);
    }
  }
}

function send(response: ServerResponse, answer: JsonObject): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
}

const summary = ({ arn, name, group, enabled, target, created }: Schedule): JsonObject => ({
  Arn: arn,
  Name: name,
  GroupName: group,
  State: enabled ? 'ENABLED' : 'DISABLED',
  Target: { Arn: target.arn },
  CreationDate: created / 1_000,
  LastModificationDate: created / 1_000,
});

const body = (schedule: Schedule): JsonObject => {
  const { expression, timeZone, flexibleWindow, target } = schedule;
  return {
    ...summary(schedule),
    ScheduleExpression: expression,
    ScheduleExpressionTimezone: timeZone,
    FlexibleTimeWindow: flexibleWindow,
    Target: {
      Arn: target.arn,
      RoleArn: target.roleArn,
      Input: target.input,
      RetryPolicy: {
        MaximumEventAgeInSeconds: target.maximumEventAgeSeconds,
        MaximumRetryAttempts: target.maximumRetryAttempts,
      },
      ...(target.deadLetterArn === undefined ? {} : { DeadLetterConfig: { Arn: target.deadLetterArn } }),
    },
  };
};
