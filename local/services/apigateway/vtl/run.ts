import type { Value } from './json.ts';
import type { Scope } from './scope.ts';
import { TemplateFault } from './syntax.ts';

/** One rendering of a template. */
export class Run {
  readonly scope: Scope;
  out = '';
  /** Set by `#break` until its loop ends, by `#stop` for good. */
  halt: 'no' | 'break' | 'stop' = 'no';
  /** Velocity has one scope; a loop gives its variable back when it ends. */
  readonly variables = new Map<string, Value>();
  readonly loops: { index: number; readonly length: number }[] = [];

  constructor(scope: Scope) {
    this.scope = scope;
  }
}

export type Evaluate = (run: Run) => Value;
export type Write = (run: Run) => void;

/** Gives what goes wrong its construct and line. */
export function attempt<T>(action: () => T, construct: string, line: number): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof TemplateFault) throw error;
    throw new TemplateFault(`${construct}: ${(error as Error).message}`, line);
  }
}
