import { setTimeout as sleep } from 'node:timers/promises';

const TRIES = 100;
const PAUSE_MS = 100;

/**
 * Waits until the broker has applied what the controller took: the controller answers before that.
 * @param isApplied asks the broker
 * @throws Error with what the broker has not, when it takes too long
 */
export async function untilApplied(isApplied: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 1; !(await isApplied()); tries += 1) {
    if (tries === TRIES) throw new Error(`The broker has not applied ${what}`);
    await sleep(PAUSE_MS);
  }
}
