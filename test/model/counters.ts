import type { Addend, Counter, CounterRange, CounterReader } from '../../model/compile/contribution.ts';
import type { Metric } from '../../model/metrics/metric.ts';

/** Live counters in memory, in the order of UTF-8's bytes. */
export class MemoryCounters implements CounterReader {
  readonly #groups = new Map<Metric, Map<string, Map<string, bigint>>>();
  /** Counters that were read. */
  read = 0;

  add(metric: Metric, addends: readonly Addend[]): void {
    for (const { counter, amount } of addends) {
      const groups = this.#groups.get(metric) ?? new Map<string, Map<string, bigint>>();
      this.#groups.set(metric, groups);
      const members = groups.get(counter.group) ?? new Map<string, bigint>();
      groups.set(counter.group, members);
      members.set(counter.member, (members.get(counter.member) ?? 0n) + amount);
    }
  }

  /** All that is not zero, as `group`, `member` and value. */
  all(metric: Metric): readonly (readonly [group: string, member: string, value: bigint])[] {
    return this.#sorted(metric).filter(([, , value]) => value !== 0n);
  }

  #sorted(metric: Metric): readonly (readonly [group: string, member: string, value: bigint])[] {
    const found = [...(this.#groups.get(metric) ?? [])].flatMap(([group, members]) =>
      [...members].map(([member, value]) => [group, member, value] as const),
    );
    return found.sort(([a, b], [c, d]) => Buffer.compare(Buffer.from(`${a}\n${b}`), Buffer.from(`${c}\n${d}`)));
  }

  async *counters(metric: Metric, range: CounterRange): AsyncGenerator<Counter> {
    const { group, prefix = '', descending = false } = range;
    const members = this.#sorted(metric)
      .filter(([of, member]) => of === group && member.startsWith(prefix))
      .map(([, member, value]) => ({ member, value }));
    for (const counter of descending ? members.reverse() : members) {
      this.read += 1;
      yield counter;
    }
  }
}
