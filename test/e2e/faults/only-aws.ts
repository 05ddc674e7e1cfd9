import type { AlarmName } from '../../../lib/monitoring/alarm-settings.ts';

/** Alarms whose fault the local runtime cannot cause, each with the reason. */
export const ONLY_AWS: Partial<Readonly<Record<AlarmName, string>>> = {};
