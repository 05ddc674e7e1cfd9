import { setTimeout as sleep } from 'node:timers/promises';
import type { AccessRequest } from '../access/caller.ts';
import { wildcard } from '../access/wildcard.ts';
import { FAULTS, type FaultDefinition } from './definitions.ts';

/** How a fault is caused. */
export interface FaultOrder {
  /** Of the calls that it could meet, above 0 up to 1. @default 1 */
  readonly share?: number;
  /** After so long it ends by itself. @default - it lasts until it is stopped, or the runtime is */
  readonly seconds?: number;
  /** Names of tables, streams or functions; `*` is any text. @default - all of them */
  readonly target?: string;
  /** Of a fault that holds calls up, milliseconds. @default 3000 */
  readonly delayMs?: number;
}

export interface FaultState {
  readonly name: string;
  readonly describe: string;
  /** @default - it is not there now */
  readonly running?: RunningState;
}

export interface RunningState {
  readonly share: number;
  readonly target: string;
  readonly delayMs?: number;
  /** Epoch ms. */
  readonly until?: number;
  /** Calls that it has met. */
  readonly met: number;
}

/** Where a call is about to be carried out. */
export interface FaultSource {
  /** Undefined where no fault meets the call. @throws InjectedError */
  meet(request: AccessRequest): Promise<void> | undefined;
}

export class UnknownFaultError extends Error {
  override readonly name = 'UnknownFaultError';
}

interface Running {
  readonly definition: FaultDefinition;
  readonly order: FaultOrder;
  readonly share: number;
  readonly delayMs: number;
  readonly isTarget: (name: string) => boolean;
  readonly until: number | undefined;
  readonly timer: NodeJS.Timeout | undefined;
  /** Aborted at its end: what it holds up goes on. */
  readonly ending: AbortController;
  met: number;
}

const DELAY_MS = 3_000;

/** The faults that somebody causes, for as long as the runtime runs at most. */
export class Faults implements FaultSource {
  readonly #running = new Map<string, Running>();
  readonly #log: (line: string) => void;

  /** @param log told of each beginning and end */
  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  all(): FaultState[] {
    return Object.entries(FAULTS).map(([name, { describe }]) => {
      const running = this.#running.get(name);
      return { name, describe, ...(running && { running: stateOf(running) }) };
    });
  }

  /** One that is there already is replaced. @throws UnknownFaultError */
  start(name: string, order: FaultOrder = {}): FaultState {
    const definition = Object.hasOwn(FAULTS, name) ? FAULTS[name]! : undefined;
    if (definition === undefined) throw unknown(name);
    this.#end(name);
    const { share = 1, seconds, target = '*', delayMs = DELAY_MS } = order;
    const ends = seconds === undefined ? undefined : setTimeout(() => this.stop(name), seconds * 1_000).unref();
    const running: Running = {
      definition,
      order,
      share,
      delayMs,
      isTarget: wildcard(target),
      until: seconds === undefined ? undefined : Date.now() + seconds * 1_000,
      timer: ends,
      ending: new AbortController(),
      met: 0,
    };
    this.#running.set(name, running);
    const on = target === '*' ? '' : ` for ${target}`;
    this.#log(`The fault ${name} begins${on}${seconds === undefined ? '' : `, and ends in ${seconds} s`}.`);
    return { name, describe: definition.describe, running: stateOf(running) };
  }

  /** @returns how often it has met a call; undefined where it was not there @throws UnknownFaultError */
  stop(name: string): number | undefined {
    if (!Object.hasOwn(FAULTS, name)) throw unknown(name);
    const running = this.#end(name);
    if (running !== undefined) this.#log(`The fault ${name} has ended; it met ${running.met} calls.`);
    return running?.met;
  }

  close(): void {
    for (const name of [...this.#running.keys()]) this.#end(name);
  }

  meet(request: AccessRequest): Promise<void> | undefined {
    return this.#running.size === 0 ? undefined : this.#meet(request);
  }

  async #meet(request: AccessRequest): Promise<void> {
    for (const running of this.#running.values()) {
      const { definition, share, delayMs, isTarget, ending } = running;
      const isMet = definition.actions.includes(request.action) && isTarget(nameIn(request.resource));
      if (!isMet || Math.random() >= share) continue;
      running.met += 1;
      if (definition.refusal !== undefined) throw definition.refusal(request);
      await sleep(delayMs, undefined, { signal: ending.signal }).catch(() => {});
    }
  }

  #end(name: string): Running | undefined {
    const running = this.#running.get(name);
    this.#running.delete(name);
    clearTimeout(running?.timer);
    running?.ending.abort();
    return running;
  }
}

const stateOf = ({ definition, order, share, delayMs, until, met }: Running): RunningState => ({
  share,
  target: order.target ?? '*',
  ...(definition.refusal === undefined && { delayMs }),
  ...(until !== undefined && { until }),
  met,
});

/** `arn:…:table/<name>/index/<index>`, `arn:…:stream/<name>`, `arn:…:function:<name>` */
const nameIn = (arn: string): string => arn.split(/[:/]/)[6] ?? arn;

const unknown = (name: string): UnknownFaultError =>
  new UnknownFaultError(`There is no fault ${name}; there are ${Object.keys(FAULTS).join(', ')}.`);
