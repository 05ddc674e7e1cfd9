import type { RecordedCall } from '../../access/recorder.ts';
import { ACTIONS, type Actor, type Link } from '../topology/edges.ts';
import { RecentCount } from './recent-count.ts';

/** An arrow along which a role does something. */
export interface WatchedEdge {
  readonly id: string;
  readonly how: Exclude<Link['how'], 'reads'>;
  /** Who does it. */
  readonly by: readonly Actor[];
  /** To what. */
  readonly on: readonly Actor[];
}

interface Watched {
  readonly count: RecentCount;
  readonly action: RegExp;
  readonly resources: readonly string[];
}

/** How often roles do along their arrows what their policies allow, from the record of calls. */
export class CallRates {
  readonly #byRole = new Map<string, Watched[]>();
  /** By edge id. */
  readonly #counts = new Map<string, RecentCount>();

  constructor(edges: readonly WatchedEdge[]) {
    for (const { id, how, by, on } of edges) {
      const count = new RecentCount();
      const watched = { count, action: ACTIONS[how], resources: on.map(({ arn }) => arn.replace(/\*$/, '')) };
      for (const { role = '' } of by) this.#byRole.set(role, [...(this.#byRole.get(role) ?? []), watched]);
      this.#counts.set(id, count);
    }
  }

  see({ role, action, resource, allowed, time }: RecordedCall): void {
    if (!allowed) return;
    for (const { count, action: watched, resources } of this.#byRole.get(role) ?? []) {
      if (watched.test(action) && resources.some((arn) => isOf(resource, arn))) count.add(1, time);
    }
  }

  /** A second, over the last seconds; undefined for an arrow that is not watched. @param now epoch milliseconds */
  rate(id: string, now: number): number | undefined {
    return this.#counts.get(id)?.rate(now);
  }
}

/** The resource itself, or what is below it: an object of a bucket, a table of a database. */
const isOf = (resource: string, arn: string): boolean =>
  resource === arn || resource.startsWith(arn.endsWith('/') ? arn : `${arn}/`);
