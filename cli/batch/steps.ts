import type { HistoryEvent } from '@aws-sdk/client-sfn';

/** A state that a run has left, or an attempt at it that failed. */
export interface Step {
  readonly name: string;
  readonly ms: number;
  /** Of a map. */
  readonly items?: number;
  readonly failure?: string;
}

interface Open {
  readonly since: number;
  items: number | undefined;
}

/** Reads the history of an execution, as often as it is given, into the states that were passed. */
export class Steps {
  #last = 0;
  /** The map that is running: the states of its items are not told. */
  #map: string | undefined;
  readonly #open = new Map<string, Open>();
  #newest = '';

  /** @param event the same again gives nothing */
  *take(event: HistoryEvent): Generator<Step> {
    const { id = 0, type = '', timestamp } = event;
    if (id <= this.#last) return;
    this.#last = id;
    const at = timestamp?.getTime() ?? 0;
    const entered = event.stateEnteredEventDetails?.name;
    const exited = event.stateExitedEventDetails?.name;
    if (entered !== undefined) {
      if (this.#map !== undefined) return;
      this.#open.set(entered, { since: at, items: undefined });
      this.#newest = entered;
      if (type === 'MapStateEntered') this.#map = entered;
    } else if (exited !== undefined) {
      if (this.#map !== undefined && exited !== this.#map) return;
      this.#map = undefined;
      const open = this.#open.get(exited);
      this.#open.delete(exited);
      // States that only shape data take no time worth a line.
      if (/^(Task|Map)State/.test(type)) yield { name: exited, ...timeOf(open, at) };
    } else if (type === 'MapIterationSucceeded') {
      const open = this.#open.get(this.#map ?? '');
      if (open !== undefined) open.items = (open.items ?? 0) + 1;
    } else {
      const details =
        event.taskFailedEventDetails ?? event.lambdaFunctionFailedEventDetails ?? event.taskTimedOutEventDetails;
      if (details === undefined) return;
      const failure = [details.error, details.cause].filter((text) => text).join(': ');
      const name = this.#map ?? this.#newest;
      yield { name, ...timeOf(this.#open.get(name), at), failure };
    }
  }
}

const timeOf = (open: Open | undefined, at: number) => ({
  ms: at - (open?.since ?? at),
  ...(open?.items !== undefined && { items: open.items }),
});
