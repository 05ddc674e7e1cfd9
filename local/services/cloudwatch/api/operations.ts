import type { AccessRequest } from '../../../access/caller.ts';
import type { JsonObject } from '../../service.ts';
import type { Alarms } from '../alarms.ts';
import type { MetricData } from '../metric-data.ts';
import type { MetricStore } from '../store.ts';
import type { CloudWatch } from '../types.ts';
import { alarmOperations } from './alarm-operations.ts';
import { dashboardOperations } from './dashboard-operations.ts';
import { metricOperations } from './metric-operations.ts';

export interface Operation {
  /** What IAM decides, without the action. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html */
  access(input: JsonObject): readonly Omit<AccessRequest, 'action'>[];
  /** Times are `Date`s. */
  call(input: JsonObject): JsonObject;
}

export interface OperationsContext {
  readonly cloudWatch: CloudWatch;
  readonly store: MetricStore;
  readonly alarms: Alarms;
  readonly data: MetricData;
  readonly account: string;
  readonly region: string;
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Operations.html */
export const operationsOf = (context: OperationsContext): Readonly<Record<string, Operation>> => ({
  ...metricOperations(context),
  ...alarmOperations(context),
  ...dashboardOperations(context),
});

/** Operations without a resource level. */
export const EVERYTHING = [{ resource: '*' }] as const;
