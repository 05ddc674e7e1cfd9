import { type JsonObject, ServiceError } from '../../service.ts';
import type { Dimensions, MetricDataQuery, MetricStat } from '../types.ts';

/** Members of a request. The query protocol has texts in place of numbers and booleans, and each protocol its own times. */
export const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? (value as JsonObject[]) : []);
export const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
export const optional = (value: unknown): string | undefined =>
  value === undefined || value === null || value === '' ? undefined : String(value);
export const isTrue = (value: unknown): boolean => String(value) === 'true';

export function required(input: JsonObject, member: string): string {
  const value = optional(input[member]);
  if (value !== undefined) return value;
  throw new ServiceError('MissingRequiredParameterException', `The parameter ${member} is required.`);
}

/** Milliseconds of a `Date`, of seconds, or of a text in ISO 8601. */
export function timeOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'number') return value * 1_000;
  const text = String(value);
  const time = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text);
  if (Number.isFinite(time)) return time;
  throw new ServiceError('InvalidParameterValueException', `${text} is no time.`);
}

export function requiredTime(input: JsonObject, member: string): number {
  const time = timeOf(input[member]);
  if (time !== undefined) return time;
  throw new ServiceError('MissingRequiredParameterException', `The parameter ${member} is required.`);
}

export const dimensionsOf = (value: unknown): Dimensions =>
  Object.fromEntries(objects(value).map(({ Name, Value }) => [String(Name), String(Value)]));

export const dimensionsBody = (dimensions: Dimensions): JsonObject[] =>
  Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));

/** An entry of `MetricDataQueries` as the API and the templates of alarms spell it. */
export function queryOf(entry: JsonObject): MetricDataQuery {
  const { Id, Label, MetricStat: stat, Expression, Period, ReturnData } = entry;
  return {
    id: String(Id),
    ...(optional(Label) !== undefined && { label: String(Label) }),
    ...(stat !== undefined && { stat: statOf(stat as JsonObject) }),
    ...(optional(Expression) !== undefined && { expression: String(Expression) }),
    ...(Period !== undefined && { periodSeconds: Number(Period) }),
    ...(ReturnData !== undefined && { returnData: isTrue(ReturnData) }),
  };
}

function statOf({ Metric, Period, Stat, Unit }: JsonObject): MetricStat {
  const { Namespace, MetricName, Dimensions } = (Metric ?? {}) as JsonObject;
  return {
    namespace: String(Namespace),
    name: String(MetricName),
    dimensions: dimensionsOf(Dimensions),
    periodSeconds: Number(Period),
    statistic: String(Stat),
    ...(optional(Unit) !== undefined && { unit: String(Unit) }),
  };
}

/** The inverse of `queryOf`. */
export function queryBody({ id, label, stat, expression, periodSeconds, returnData }: MetricDataQuery): JsonObject {
  return {
    Id: id,
    ...(label !== undefined && { Label: label }),
    ...(stat && {
      MetricStat: {
        Metric: { Namespace: stat.namespace, MetricName: stat.name, Dimensions: dimensionsBody(stat.dimensions) },
        Period: stat.periodSeconds,
        Stat: stat.statistic,
        ...(stat.unit !== undefined && { Unit: stat.unit }),
      },
    }),
    ...(expression !== undefined && { Expression: expression }),
    ...(periodSeconds !== undefined && { Period: periodSeconds }),
    ReturnData: returnData ?? true,
  };
}

/** A page of a list, with the token of the next one. */
export function paged<T>(all: readonly T[], token: unknown, limit: number): { page: T[]; NextToken?: string } {
  const start = Number(token ?? 0);
  if (!Number.isInteger(start) || start < 0)
    throw new ServiceError('InvalidNextToken', 'The NextToken is not one of ours.');
  const end = start + limit;
  return { page: all.slice(start, end), ...(end < all.length && { NextToken: String(end) }) };
}
