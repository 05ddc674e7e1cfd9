import type { Section } from '../report.ts';
import type { Surroundings } from '../surroundings.ts';
import { drainSection } from './drain.ts';
import { jobSection } from './job.ts';
import { runtimeSections } from './questions.ts';

/** One after the other, so that none takes the processor from another. */
export async function batch(surroundings: Surroundings): Promise<readonly Section[]> {
  const { quick } = surroundings;
  const drain = await drainSection(surroundings, quick ? 40_000 : 400_000);
  // It takes a while until all are printed.
  for (const [way, perSecond, share] of drain.rows) surroundings.note(`${way}: ${perSecond} records/s, ${share}`);
  const job = await jobSection(surroundings, quick ? [10_000] : [10_000, 100_000, 1_000_000]);
  return [drain, job, ...(await runtimeSections(surroundings, quick ? 100 : 2_000))];
}
