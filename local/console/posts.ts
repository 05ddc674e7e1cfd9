import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../services/service.ts';
import { ConsoleError, numberWithin, type Route } from './http.ts';
import type { ConsoleTools, EmulationOrder, EmulationProgress, Hop } from './tools.ts';

/** A post that was sent from the page, as far as it has come. */
interface Followed {
  readonly id: string;
  readonly index: number;
  readonly sentAt: number;
  readonly hops: Hop[];
  /** Whether nothing more is to come. */
  done: boolean;
  /** Whether it was given up before it was through. @default false */
  left?: boolean;
  problem?: string;
}

export interface EmulationState extends EmulationProgress {
  readonly running: boolean;
  readonly order: EmulationOrder;
  readonly problem?: string;
}

const KEPT = 20;
/** A person has gone away by then. */
const FOLLOWED_MS = 300_000;

/** Posts sent from the page, and the emulation that it started: one at a time. */
export class Posts {
  readonly #tools: ConsoleTools;
  readonly #followed = new Map<string, Followed>();
  readonly #closing = new AbortController();
  #stop = new AbortController();
  #emulation: EmulationState | undefined;

  constructor(tools: ConsoleTools) {
    this.#tools = tools;
  }

  get emulation(): EmulationState | undefined {
    return this.#emulation;
  }

  close(): void {
    this.#closing.abort();
    this.#stop.abort();
  }

  routes(): Route[] {
    const { feeds, doors } = this.#tools;
    return [
      {
        method: 'GET',
        path: '/api/posts',
        handle: () => ({ feeds, doors, posts: [...this.#followed.values()].reverse() }),
      },
      { method: 'GET', path: '/api/posts/sample', handle: () => this.#tools.sample() },
      { method: 'GET', path: '/api/posts/:id', handle: ({ parameters }) => this.#find(parameters['id']!) },
      { method: 'POST', path: '/api/posts', handle: ({ body }) => this.#send(body) },
      { method: 'GET', path: '/api/emulation', handle: () => ({ emulation: this.#emulation ?? null }) },
      { method: 'POST', path: '/api/emulation', handle: ({ body }) => this.#start(body) },
      {
        method: 'POST',
        path: '/api/emulation/stop',
        handle: () => {
          this.#stop.abort();
          return {};
        },
      },
    ];
  }

  #find(id: string): Followed {
    const found = this.#followed.get(id);
    if (found === undefined) throw new ConsoleError(404, `The post ${id} was not sent since this start.`);
    return found;
  }

  #send(body: JsonObject): { readonly id: string } {
    const index = numberWithin(body, 'index', { min: 0, max: Number.MAX_SAFE_INTEGER });
    const rows = body['rows'] as Readonly<Record<string, JsonObject>> | undefined;
    const wrong = Object.keys(rows ?? {}).filter((feed) => !this.#tools.feeds.includes(feed));
    if (rows === undefined || Object.keys(rows).length === 0 || wrong.length > 0) {
      throw new ConsoleError(400, `rows has a row for one or more of ${this.#tools.feeds.join(', ')}.`);
    }
    const followed: Followed = { id: randomUUID(), index, sentAt: Date.now(), hops: [], done: false };
    this.#followed.set(followed.id, followed);
    for (const id of [...this.#followed.keys()].slice(0, -KEPT)) this.#followed.delete(id);
    void this.#follow(followed, { index, rows, doors: this.#doors(body) });
    return { id: followed.id };
  }

  async #follow(followed: Followed, order: Parameters<ConsoleTools['follow']>[0]): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(FOLLOWED_MS)]);
    try {
      for await (const hop of this.#tools.follow(order, signal)) followed.hops.push(hop);
    } catch (error) {
      if (!signal.aborted) followed.problem = (error as Error).message;
    }
    followed.left = signal.aborted;
    followed.done = true;
  }

  #start(body: JsonObject): EmulationState {
    if (this.#emulation?.running) throw new ConsoleError(409, 'Posts are being sent already: stop that first.');
    const order: EmulationOrder = {
      rate: numberWithin(body, 'rate', { min: 0.1, max: 200 }),
      count: numberWithin(body, 'count', { min: 1, max: 100_000 }),
      dirty: numberWithin(body, 'dirty', { min: 0, max: 1 }),
      duplicates: numberWithin(body, 'duplicates', { min: 0, max: 1 }),
      doors: this.#doors(body),
    };
    this.#stop = new AbortController();
    this.#emulation = { running: true, order, requests: 0, accepted: 0, refused: 0 };
    void this.#emulate(order);
    return this.#emulation;
  }

  async #emulate(order: EmulationOrder): Promise<void> {
    let problem: string | undefined;
    try {
      await this.#tools.emulate(order, this.#stop.signal, (progress) => {
        this.#emulation = { ...progress, running: true, order };
      });
    } catch (error) {
      problem = (error as Error).message;
    }
    this.#emulation = { ...this.#emulation!, running: false, ...(problem !== undefined && { problem }) };
  }

  #doors(body: JsonObject): readonly string[] {
    const { doors } = this.#tools;
    const wanted = body['doors'] ?? doors.slice(0, 1);
    if (Array.isArray(wanted) && wanted.length > 0 && wanted.every((door) => doors.includes(door))) return wanted;
    throw new ConsoleError(400, `doors is a list of ${doors.join(', ')}.`);
  }
}
