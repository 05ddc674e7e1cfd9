import { type JsonObject, ServiceError } from '../../service.ts';
import { type Distribution, distributionOf, merged, repeated, statisticOf } from '../distribution.ts';
import type { MetricName } from '../types.ts';
import {
  dimensionsBody,
  dimensionsOf,
  objects,
  optional,
  paged,
  queryOf,
  required,
  requiredTime,
  texts,
  timeOf,
} from './input.ts';
import { EVERYTHING, type Operation, type OperationsContext } from './operations.ts';

const LIST_PAGE = 500;
const RECENT_MS = 3 * 3_600_000;

export function metricOperations({ data, store }: OperationsContext): Record<string, Operation> {
  return {
    GetMetricData: {
      access: () => EVERYTHING,
      call: (input) => {
        const queries = objects(input['MetricDataQueries']).map(queryOf);
        const series = data.series({ queries, ...rangeOf(input) });
        const descending = (input['ScanBy'] ?? 'TimestampDescending') === 'TimestampDescending';
        const ordered = <T>(values: readonly T[]): T[] => (descending ? [...values].reverse() : [...values]);
        return {
          MetricDataResults: series.map(({ id, label, timestamps, values }) => ({
            Id: id,
            Label: label,
            Timestamps: ordered(timestamps.map((time) => new Date(time))),
            Values: ordered(values),
            StatusCode: 'Complete',
          })),
          Messages: [],
        };
      },
    },
    GetMetricStatistics: { access: () => EVERYTHING, call: (input) => statistics(store, input) },
    ListMetrics: {
      access: () => EVERYTHING,
      call: (input) => {
        const wanted = objects(input['Dimensions']);
        const [name, recent] = [optional(input['MetricName']), optional(input['RecentlyActive'])];
        const since = recent === undefined ? Number.NEGATIVE_INFINITY : Date.now() - RECENT_MS;
        const found = store
          .metrics(optional(input['Namespace']))
          .filter(
            (metric) =>
              metric.last > since &&
              (name === undefined || metric.name === name) &&
              wanted.every(({ Name, Value }) =>
                Value === undefined ? String(Name) in metric.dimensions : metric.dimensions[String(Name)] === Value,
              ),
          );
        const { page, ...next } = paged(distinct(found), input['NextToken'], LIST_PAGE);
        const body = ({ namespace, name: MetricName, dimensions }: MetricName) => ({
          Namespace: namespace,
          MetricName,
          Dimensions: dimensionsBody(dimensions),
        });
        return { Metrics: page.map(body), ...next };
      },
    },
    PutMetricData: {
      access: (input) => [{ resource: '*', conditions: { 'cloudwatch:namespace': [String(input['Namespace'])] } }],
      call: (input) => {
        const namespace = required(input, 'Namespace');
        if (namespace.startsWith('AWS/')) {
          throw invalid('The value AWS/ for parameter Namespace is invalid: it is of AWS services.');
        }
        const given = objects(input['MetricData']).map((datum) => ({
          metric: { namespace, name: required(datum, 'MetricName'), dimensions: dimensionsOf(datum['Dimensions']) },
          unit: optional(datum['Unit']) ?? 'None',
          values: valuesOf(datum),
          time: timeOf(datum['Timestamp']) ?? Date.now(),
        }));
        for (const { metric, unit, values, time } of given) store.put(metric, unit, values, time);
        return {};
      },
    },
  };
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html */
function statistics(store: OperationsContext['store'], input: JsonObject): JsonObject {
  const plain = texts(input['Statistics']);
  const extended = texts(input['ExtendedStatistics']);
  const unknown = [...plain, ...extended].find((name) => statisticOf(name) === undefined);
  if (unknown !== undefined) throw invalid(`The statistic ${unknown} is not supported here.`);
  if (plain.length + extended.length === 0) {
    throw new ServiceError('MissingRequiredParameterException', 'Statistics or ExtendedStatistics must be given.');
  }
  const name = required(input, 'MetricName');
  const unit = optional(input['Unit']);
  const metric = { namespace: required(input, 'Namespace'), name, dimensions: dimensionsOf(input['Dimensions']) };
  const periodSeconds = Number(required(input, 'Period'));
  if (!(periodSeconds > 0 && periodSeconds % 10 === 0)) {
    throw invalid('The period must be 10, 20, 30 or a multiple of 60 seconds.');
  }
  const periods = store.read({ ...metric, ...(unit && { unit }), periodSeconds, ...rangeOf(input) });
  const told = unit ?? store.metrics(metric.namespace).find((one) => one.name === name)?.unit ?? 'None';
  const valuesIn = (names: readonly string[], of: Distribution): JsonObject =>
    Object.fromEntries(names.map((statistic) => [statistic, statisticOf(statistic)!(of)]));
  return {
    Label: name,
    Datapoints: [...periods].map(([time, of]) => ({
      Timestamp: new Date(time),
      ...valuesIn(plain, of),
      Unit: told,
      ...(extended.length > 0 && { ExtendedStatistics: valuesIn(extended, of) }),
    })),
  };
}

function rangeOf(input: JsonObject): { from: number; to: number } {
  const range = { from: requiredTime(input, 'StartTime'), to: requiredTime(input, 'EndTime') };
  if (range.from < range.to) return range;
  throw invalid('The parameter StartTime must be less than the parameter EndTime.');
}

/** One value, a few with their counts, or the statistics of many. */
function valuesOf({ Value, Values, Counts, StatisticValues }: JsonObject): Distribution {
  if (Value !== undefined) return one(distributionOf([Number(Value)]));
  if (StatisticValues !== undefined) {
    const { SampleCount, Sum, Minimum, Maximum } = StatisticValues as JsonObject;
    const [count, sum, min, max] = [Number(SampleCount), Number(Sum), Number(Minimum), Number(Maximum)];
    return min === max ? repeated(min, count) : { count, sum, min, max, sizes: {} };
  }
  const counts = Array.isArray(Counts) ? Counts.map(Number) : [];
  const all = (Array.isArray(Values) ? Values : []).map((value, i) => repeated(Number(value), counts[i] ?? 1));
  return one(all.length === 0 ? undefined : all.reduce(merged));
}

function one(values: Distribution | undefined): Distribution {
  if (values !== undefined && Number.isFinite(values.sum)) return values;
  throw invalid('A datum must have a Value, Values or StatisticValues, all finite.');
}

/** The same metric with two units is one metric. */
function distinct<T extends MetricName>(metrics: readonly T[]): T[] {
  const keyOf = ({ namespace, name, dimensions }: MetricName) => JSON.stringify([namespace, name, dimensions]);
  return [...new Map(metrics.map((metric) => [keyOf(metric), metric])).values()];
}

const invalid = (message: string): ServiceError => new ServiceError('InvalidParameterValueException', message);
