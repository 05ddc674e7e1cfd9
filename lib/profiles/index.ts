import { ContextError } from '../context-error.ts';
import { dev } from './dev.ts';
import { laptop } from './laptop.ts';
import { AUTHS, type Profile } from './profile.ts';

export type {
  ArchiveProfile,
  BatchPathProfile,
  BatchProfile,
  BrokerProfile,
  FlushPolicy,
  KafkaRestProfile,
  PluginProfile,
  SinkProfile,
  TopicsProfile,
} from './batch-path.ts';
export { type CanaryProfile, type MonitoringProfile, UnknownAlarmError, withAlarms } from './monitoring.ts';
export type { AggregateProfile, ApiProfile, Auth, CleanProfile, Profile } from './profile.ts';

export const PROFILES: readonly Profile[] = [laptop, dev];

export class UnknownProfileError extends ContextError {
  override readonly name = 'UnknownProfileError';

  constructor(name: unknown) {
    super(
      `There is no profile ${JSON.stringify(name)}: use -c profile=<name> with one of ${PROFILES.map((p) => p.name).join(', ')}`,
    );
  }
}

/** @throws UnknownProfileError which lists the names there are. */
export function profileNamed(name: unknown): Profile {
  const found = PROFILES.find((profile) => profile.name === name);
  if (!found) throw new UnknownProfileError(name);
  return found;
}

export class UnknownAuthError extends ContextError {
  override readonly name = 'UnknownAuthError';

  constructor(auth: unknown) {
    super(`There is no auth ${JSON.stringify(auth)}: use -c auth=<name> with one of ${AUTHS.join(', ')}`);
  }
}

/** The profile with another answer to who may call its API, to try that out. @throws UnknownAuthError */
export function withAuth(profile: Profile, name: unknown): Profile {
  const auth = AUTHS.find((each) => each === name);
  if (!auth) throw new UnknownAuthError(name);
  return { ...profile, api: { ...profile.api, auth } };
}

export class UnknownSwitchError extends ContextError {
  override readonly name = 'UnknownSwitchError';

  constructor(name: string, value: unknown) {
    super(`There is no ${JSON.stringify(value)} for ${name}: use -c ${name}=on or -c ${name}=off`);
  }
}

/** What a profile has or has not. */
export const SWITCHES = ['batchPath', 'topicsFeedSpeed', 'canary'] as const;
export type Switch = (typeof SWITCHES)[number];

/** The profile with or without something, whatever it says itself. @throws UnknownSwitchError */
export function withSwitch(profile: Profile, name: Switch, value: unknown): Profile {
  if (value === undefined) return profile;
  if (value !== 'on' && value !== 'off') throw new UnknownSwitchError(name, value);
  return { ...profile, [name]: value === 'on' };
}
