import { dev } from './dev.ts';
import { laptop } from './laptop.ts';
import type { Profile } from './profile.ts';

export type { ApiProfile, CleanProfile, Profile } from './profile.ts';

export const PROFILES: readonly Profile[] = [laptop, dev];

export class UnknownProfileError extends Error {
  constructor(name: unknown) {
    super(
      `There is no profile ${JSON.stringify(name)}: use -c profile=<name> with one of ${PROFILES.map((p) => p.name).join(', ')}`,
    );
    this.name = 'UnknownProfileError';
  }
}

/** @throws UnknownProfileError which lists the names there are. */
export function profileNamed(name: string): Profile {
  const found = PROFILES.find((profile) => profile.name === name);
  if (!found) throw new UnknownProfileError(name);
  return found;
}
