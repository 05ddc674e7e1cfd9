import type { RebuildStep, Rebuilt } from './rebuild.ts';

/** What a step has to say; the last line of a step is the one that counts. */
function stepText(step: RebuildStep): string {
  switch (step.name) {
    case 'begun':
      return `generation ${step.generation}`;
    case 'touched':
      return `${step.posts} posts are told once more`;
    case 'waiting':
      return step.shards === 0
        ? 'all of it is counted'
        : `${step.shards} shards of the change stream are not counted yet`;
    case 'completed':
      return 'live answers come from the new counters';
    case 'deleted':
      return `${step.counters} old counters are deleted`;
  }
}

/** What there is to do after a rebuild; undefined: nothing. */
export function faultText({ outcome, incomplete }: Rebuilt): string | undefined {
  switch (outcome) {
    case 'inexact':
      return 'A change could not be read or was given up meanwhile: npm run account tells of it. The counters miss it; the same command counts all posts again.';
    case 'notCounted':
      return `The deployed aggregate function does not count ${incomplete.join(', ')}: deploy it with this model, then begin again.`;
    case 'overtaken':
      return `A later rebuild of ${incomplete.join(', ')} began meanwhile, and completes what this one would have. If it was stopped, the same command goes on.`;
    default:
      return undefined;
  }
}

/** Writes the steps: over one another on a terminal while a step lasts, and each at its end. */
export function stepPrinter(log: (line: string) => void): { step(step: RebuildStep): void; end(): void } {
  const terminal = process.stderr.isTTY;
  let last: RebuildStep | undefined;
  const end = () => {
    if (last === undefined) return;
    if (terminal) process.stderr.write('\r\u001b[K');
    log(`  ${stepText(last)}`);
    last = undefined;
  };
  return {
    step(step) {
      if (last !== undefined && last.name !== step.name) end();
      last = step;
      if (terminal) process.stderr.write(`\r\u001b[K  ${stepText(step)}`);
    },
    end,
  };
}
