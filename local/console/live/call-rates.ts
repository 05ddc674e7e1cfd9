import type { RecordedCall } from '../../access/recorder.ts';
import { ACTIONS, type Actor, type Link } from '../topology/edges.ts';

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
  readonly id: string;
  readonly action: RegExp;
  readonly resources: readonly string[];
}

const WINDOW_S = 10;

/** How often roles do along their arrows what their policies allow, from the record of calls. */
export class CallRates {
  readonly #byRole = new Map<string, Watched[]>();
  /** Edge id -> second -> calls. */
  readonly #seconds = new Map<string, Map<number, number>>();

  constructor(edges: readonly WatchedEdge[]) {
    for (const { id, how, by, on } of edges) {
      const watched = { id, action: ACTIONS[how], resources: on.map(({ arn }) => arn.replace(/\*$/, '')) };
      for (const { role = '' } of by) this.#byRole.set(role, [...(this.#byRole.get(role) ?? []), watched]);
      this.#seconds.set(id, new Map());
    }
  }

  see({ role, action, resource, allowed, time }: RecordedCall): void {
    if (!allowed) return;
    for (const watched of this.#byRole.get(role) ?? []) {
      if (!watched.action.test(action) || !watched.resources.some((arn) => isOf(resource, arn))) continue;
      const counts = this.#seconds.get(watched.id)!;
      const second = Math.floor(time / 1_000);
      counts.set(second, (counts.get(second) ?? 0) + 1);
      for (const other of counts.keys()) if (other < second - WINDOW_S) counts.delete(other);
    }
  }

  /** A second, over the last seconds; undefined for an arrow that is not watched. @param now epoch milliseconds */
  rate(id: string, now: number): number | undefined {
    const counts = this.#seconds.get(id);
    if (counts === undefined) return undefined;
    const oldest = Math.floor(now / 1_000) - WINDOW_S;
    const recent = [...counts].filter(([second]) => second >= oldest);
    return recent.reduce((sum, [, count]) => sum + count, 0) / WINDOW_S;
  }
}

/** The resource itself, or what is below it: an object of a bucket, a table of a database. */
const isOf = (resource: string, arn: string): boolean =>
  resource === arn || resource.startsWith(arn.endsWith('/') ? arn : `${arn}/`);
