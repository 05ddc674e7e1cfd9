import { ConsoleError, type Route } from './http.ts';
import type { BatchEnd, BatchStep, ConsoleTools } from './tools.ts';

/** The run that was asked for last. Times in epoch milliseconds. */
export interface BatchState {
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly steps: readonly BatchStep[];
  readonly end?: BatchEnd;
}

/** Runs of the batch layer that the page asks for: one at a time. */
export class BatchRuns {
  readonly #run: ConsoleTools['runBatch'];
  readonly #closing = new AbortController();
  #state: BatchState | undefined;

  constructor({ runBatch }: Pick<ConsoleTools, 'runBatch'>) {
    this.#run = runBatch;
  }

  get state(): BatchState | undefined {
    return this.#state;
  }

  close(): void {
    this.#closing.abort();
  }

  routes(): Route[] {
    return [{ method: 'POST', path: '/api/batch', handle: () => this.#start() }];
  }

  #start(): BatchState {
    if (this.#run === undefined) throw new ConsoleError(404, 'This deployment has no batch layer.');
    if (this.#state !== undefined && this.#state.end === undefined) {
      throw new ConsoleError(
        409,
        'A run is under way: it takes what arrived before it began. Ask again once it has ended.',
      );
    }
    this.#state = { startedAt: Date.now(), steps: [] };
    void this.#follow(this.#run);
    return this.#state;
  }

  async #follow(run: NonNullable<ConsoleTools['runBatch']>): Promise<void> {
    const passed = (step: BatchStep): void => {
      this.#state = { ...this.#state!, steps: [...this.#state!.steps, step] };
    };
    const end = await run(passed, this.#closing.signal).catch(
      (error: Error): BatchEnd => ({ outcome: 'failed', message: error.message }),
    );
    this.#state = { ...this.#state!, end, endedAt: Date.now() };
  }
}
