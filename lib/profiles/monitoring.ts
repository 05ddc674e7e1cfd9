import { ContextError } from '../context-error.ts';
import { ALARM_SETTINGS, ALARMS, type AlarmName, type AlarmSettings } from '../monitoring/alarm-settings.ts';
import type { Profile } from './profile.ts';

export interface MonitoringProfile {
  /** How often freshness and parked batches are looked at. */
  readonly observeMinutes: number;
  /** Where the profile has a canary. */
  readonly canary: CanaryProfile;
  /** Whether an alarm that ends is told too. So is, then, that all is well after the first deployment, once an alarm. */
  readonly tellsAllClear: boolean;
  /** USD a month; who follows warnings hears of 80 % and of a forecast beyond. */
  readonly budget: number;
  /** What differs from the settings in `lib/monitoring/alarm-settings.ts`. */
  readonly alarms: Partial<Readonly<Record<AlarmName, Partial<AlarmSettings>>>>;
}

export interface CanaryProfile {
  readonly everyMinutes: number;
  /** For how long a post may be on its way to the posts table. */
  readonly storedWithinSeconds: number;
}

export class UnknownAlarmError extends ContextError {
  override readonly name = 'UnknownAlarmError';
}

const CONTEXT = 'alarm.';

/**
 * The profile with what context flags say of alarms: `-c alarm.<name>.<setting>=<number>`.
 * @throws UnknownAlarmError which lists the names there are
 */
export function withAlarms(profile: Profile, context: Readonly<Record<string, unknown>>): Profile {
  return Object.entries(context).reduce(
    (changed, [key, value]) => (key.startsWith(CONTEXT) ? withAlarm(changed, key, value) : changed),
    profile,
  );
}

function withAlarm(profile: Profile, key: string, value: unknown): Profile {
  const [name = '', setting = '', ...rest] = key.slice(CONTEXT.length).split('.');
  if (!isAlarm(name)) {
    throw new UnknownAlarmError(`There is no alarm ${JSON.stringify(name)}: ${Object.keys(ALARMS).join(', ')}`);
  }
  if (!isSetting(setting) || rest.length > 0) {
    throw new UnknownAlarmError(
      `An alarm has no ${JSON.stringify(setting)}: use -c alarm.${name}.<${ALARM_SETTINGS.join('|')}>=<number>`,
    );
  }
  const number = Number(value);
  if (!Number.isFinite(number) || value === '') {
    throw new UnknownAlarmError(`-c ${key} takes a number, not ${JSON.stringify(value)}`);
  }
  const { monitoring } = profile;
  if (monitoring === undefined) {
    throw new UnknownAlarmError(`Profile ${profile.name} has no alarms, so -c ${key} means nothing`);
  }
  const alarms = { ...monitoring.alarms, [name]: { ...monitoring.alarms[name], [setting]: number } };
  return { ...profile, monitoring: { ...monitoring, alarms } };
}

const isAlarm = (name: string): name is AlarmName => Object.hasOwn(ALARMS, name);
const isSetting = (name: string): name is keyof AlarmSettings => (ALARM_SETTINGS as readonly string[]).includes(name);
