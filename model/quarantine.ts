import { type Coordinate, CoordinateError, checked, coordinateInKey, parseCoordinate } from './coordinates.ts';
import { feeds } from './feeds/index.ts';
import { type Row, rowOf, rowsOf } from './rows.ts';
import { type Refusal, refusesRecord } from './rules/refusal.ts';
import { type Feed, type FeedName, feedNames } from './rules/rule.ts';

export const layers = ['speed', 'batch'] as const;
export type Layer = (typeof layers)[number];

/** An object of the quarantine: a row that a rule refused, with the bytes it came as. */
export interface QuarantinedRow extends Refusal {
  readonly coordinate: Coordinate;
  readonly feed: FeedName;
  /** ISO 8601. */
  readonly arrival: string;
  readonly rulesVersion: number;
  /** ISO 8601: when these rules refused it. */
  readonly quarantinedAt: string;
  readonly rawBase64: string;
}

export class QuarantineError extends Error {
  override readonly name = 'QuarantineError';
}

/** Below which a layer keeps the rows of a feed, or of all. */
export const quarantinePrefix = (layer: Layer, feed?: FeedName): string =>
  `quarantine/${layer}/${feed === undefined ? '' : `${feed}/`}`;

/** `quarantine/{layer}/{feed}/dt={arrival date}/{coordinate}.json`: one row, one key, however often it is refused. */
export function quarantineKey(layer: Layer, feed: FeedName, arrivalMs: number, coordinate: Coordinate): string {
  const date = new Date(arrivalMs).toISOString().slice(0, 10);
  return `${quarantinePrefix(layer, feed)}dt=${date}/${coordinateInKey(coordinate)}.json`;
}

/** The row whose object has this key; undefined when it is no key of a quarantined row. */
export function coordinateOfKey(key: string): Coordinate | undefined {
  const written = /\/([^/]+)\.json$/.exec(key)?.[1];
  try {
    return written === undefined ? undefined : parseCoordinate(written);
  } catch (error) {
    if (error instanceof CoordinateError) return undefined;
    throw error;
  }
}

export function quarantinedRow(feed: Feed, row: Row, refusal: Refusal, quarantinedAt: Date): QuarantinedRow {
  return {
    coordinate: row.coordinate,
    feed: feed.name,
    arrival: new Date(row.arrivalMs).toISOString(),
    ...refusal,
    rulesVersion: feed.rules,
    quarantinedAt: quarantinedAt.toISOString(),
    rawBase64: Buffer.from(row.rawBytes).toString('base64'),
  };
}

/** @throws QuarantineError when the text is no such object. */
export function parseQuarantined(json: string): QuarantinedRow {
  let value: Partial<QuarantinedRow> | null;
  try {
    value = JSON.parse(json);
    checked((value as QuarantinedRow).coordinate);
  } catch (error) {
    throw new QuarantineError(`It is no quarantined row: ${(error as Error).message}`);
  }
  const { feed, arrival, rule, rawBase64 } = value as Partial<QuarantinedRow>;
  if (!feedNames.some((name) => name === feed)) throw new QuarantineError(`There is no feed ${String(feed)}.`);
  if (Number.isNaN(Date.parse(String(arrival)))) throw new QuarantineError(`${String(arrival)} is no time of arrival.`);
  if (typeof rule !== 'string' || typeof rawBase64 !== 'string') {
    throw new QuarantineError('It has no rule or no bytes: rule and rawBase64 are texts.');
  }
  return value as QuarantinedRow;
}

/**
 * What today's rules make of a quarantined row, under the coordinate that it has in the log. More than one row where
 * the whole record was refused, and can be unwrapped today.
 */
export function judgedAgain(kept: QuarantinedRow): readonly Row[] {
  const { coordinate, arrival, rawBase64 } = kept;
  const feed = feeds[kept.feed];
  const { position, ...place } = coordinate;
  const record = { ...place, arrivalMs: Date.parse(arrival), bytes: Buffer.from(rawBase64, 'base64') };
  if (refusesRecord(kept.rule)) return rowsOf(record, feed);
  const rows = rowsOf(record, feed);
  // The bytes unwrap to this row alone, unless it could only be kept with its whole record.
  const { result } = rows[rows.length === 1 ? 0 : position] ?? rows[0]!;
  return [rowOf(record, position, result)];
}

/** Whether a row is refused now for what it was refused for then. */
export function sameRefusal(kept: QuarantinedRow, feed: Feed, { rule, field, reason }: Refusal): boolean {
  return kept.rulesVersion === feed.rules && kept.rule === rule && kept.field === field && kept.reason === reason;
}
