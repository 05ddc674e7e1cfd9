import { required } from '../../shared/environment.ts';
import { type Plan, type PlanEvent, planRun } from './plan.ts';

const settings = {
  flushSeconds: Number(required('FLUSH_SECONDS')),
  graceSeconds: Number(required('GRACE_SECONDS')),
  firstRunDays: Number(required('FIRST_RUN_DAYS')),
  latestHours: Number(required('LATEST_HOURS')),
  keptRuns: Number(required('KEPT_RUNS')),
  leaseSeconds: Number(required('LEASE_SECONDS')),
};

/** Plans a run of the batch layer. @throws PlanError */
export const handler = async (event: PlanEvent): Promise<Plan> => planRun(event, settings);
