import type { Closing } from '../local/closing.ts';
import type { Section } from './report.ts';

/** What a bench is given. */
export interface Surroundings {
  /** A folder of its own, deleted afterwards. */
  readonly directory: string;
  /** Ends whatever it starts, also after a failure or Ctrl-C. */
  readonly closing: Closing;
  /** Where CPU profiles of the runtime's process are written. */
  readonly profile: string | undefined;
  /** Small sizes, for a machine that has other work: the figures are rough. */
  readonly quick: boolean;
  /** Tells in one line what is being measured. */
  readonly note: (line: string) => void;
}

export type Bench = (surroundings: Surroundings) => Promise<readonly Section[]>;
