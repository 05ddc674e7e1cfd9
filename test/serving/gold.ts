import { valueMember } from '../../model/compile/contribution.ts';
import { answerValue, splitKey, type Value } from '../../model/compile/keys.ts';
import { metricColumns } from '../../model/compile/rows.ts';
import { type Metric, memberColumns } from '../../model/metrics/metric.ts';
import type { MemoryCounters } from '../model/counters.ts';

const minuteLength = 'YYYY-MM-DDThh:mm'.length;

/** The rows that a run would leave of a metric, from its counters; values as in a served page. */
export function goldRows(metric: Metric, counters: MemoryCounters): readonly (string | number | null)[][] {
  const { measure, by, window } = metric;
  return counters.all(metric).flatMap(([group, member, value]) => {
    const minute = window ? [group.slice(0, minuteLength)] : [];
    const rest = window ? group.slice(minuteLength + 1) : group;
    if (measure.kind === 'count' || measure.kind === 'sum') {
      return [[...minute, ...splitKey(member), served(value)]];
    }
    if (by.length > 0 && rest === '') return [];
    if (measure.kind === 'histogram' && !member.startsWith(valueMember)) return [];
    const dimensions = by.length > 0 ? splitKey(rest) : [];
    const parts = measure.kind === 'histogram' ? [member.slice(valueMember.length)] : splitKey(member);
    const keys = memberColumns(metric).map((column, at) => served(answerValue(column, parts[at]!)));
    return [[...minute, ...dimensions, ...keys, served(value)]];
  });
}

export const goldColumns = (metric: Metric): readonly string[] => metricColumns(metric).map(({ name }) => name);

const served = (value: Value): string | number | null =>
  typeof value !== 'bigint' ? value : Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
