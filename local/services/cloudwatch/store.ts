import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { isSqliteFault, openDatabase } from '../sqlite.ts';
import { type Distribution, type Gathering, gather, gathering, merged } from './distribution.ts';
import type { Dimensions, MetricName } from './types.ts';

/** A part of what is kept: values of so many seconds together, for so long. */
interface Tier {
  readonly seconds: number;
  readonly keptMs: number;
}

const HOUR_MS = 3_600_000;
/** CloudWatch keeps 15 days of minutes; a laptop needs less. Finer than a minute is kept for 3 hours, as there. */
const FINE: Tier = { seconds: 10, keptMs: 3 * HOUR_MS };
const COARSE: Tier = { seconds: 60, keptMs: 72 * HOUR_MS };
const TIERS = [FINE, COARSE];
const TRIM_EVERY_MS = HOUR_MS / 6;
const FLUSH_MS = 1_000;
/** A dimension of unbounded values would fill the disk. */
const METRICS_LIMIT = 5_000;
/** Of both tiers; the oldest go first. */
const ROWS_LIMIT = 2_000_000;

const SCHEMA = `
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS metric (
    id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, dimensions TEXT NOT NULL, unit TEXT NOT NULL,
    UNIQUE (namespace, name, dimensions, unit)
  );
  CREATE TABLE IF NOT EXISTS datum (
    tier INTEGER NOT NULL, metric INTEGER NOT NULL, time INTEGER NOT NULL,
    count REAL NOT NULL, sum REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL, sizes TEXT,
    PRIMARY KEY (tier, metric, time)
  ) WITHOUT ROWID;
`;

export interface DataQuery extends MetricName {
  readonly unit?: string;
  readonly periodSeconds: number;
  /** Inclusive, milliseconds. */
  readonly from: number;
  /** Exclusive, milliseconds. */
  readonly to: number;
}

export interface KnownMetric extends MetricName {
  readonly unit: string;
  /** Of its newest value, milliseconds; 0 when what it had is gone. */
  readonly last: number;
}

export interface MetricStoreOptions {
  /** The SQLite file. */
  readonly file: string;
  readonly log?: (line: string) => void;
}

/** Metrics in a SQLite file, bounded in time and number. Values are gathered for a second before they are written. */
export class MetricStore {
  readonly #db: DatabaseSync;
  readonly #log: (line: string) => void;
  readonly #statements = new Map<string, StatementSync>();
  readonly #ids = new Map<string, number>();
  /** Metric id -> start of ten seconds -> values. */
  #waiting = new Map<number, Map<number, Gathering>>();
  #timer: NodeJS.Timeout | undefined;
  #trimmed = 0;
  #full = false;
  #closed = false;

  constructor({ file, log = () => {} }: MetricStoreOptions) {
    this.#db = openDatabase(file, SCHEMA);
    this.#log = log;
    for (const row of this.#all('SELECT * FROM metric')) {
      this.#ids.set(
        keyOf(String(row['namespace']), String(row['name']), String(row['dimensions']), String(row['unit'])),
        Number(row['id']),
      );
    }
  }

  /** What is put after that is lost. */
  close(): void {
    this.flush();
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#db.close();
  }

  put(metric: MetricName, unit: string, values: Distribution, time: number): void {
    const id = this.#closed ? undefined : this.#idOf(metric, unit);
    if (id === undefined) return;
    const start = startOf(time, FINE.seconds);
    const buckets = this.#waiting.get(id) ?? new Map<number, Gathering>();
    const earlier = buckets.get(start);
    if (earlier === undefined) buckets.set(start, gathering(values));
    else gather(earlier, values);
    this.#waiting.set(id, buckets);
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  /** Values of each period that has any, by the start of the period. */
  read(query: DataQuery): Map<number, Distribution> {
    this.flush();
    const { namespace, name, dimensions, unit, periodSeconds, from, to } = query;
    const tier = periodSeconds % COARSE.seconds === 0 ? COARSE : FINE;
    const rows = this.#all(
      `SELECT time, count, sum, min, max, sizes FROM datum WHERE tier = ? AND time >= ? AND time < ? AND metric IN
         (SELECT id FROM metric WHERE namespace = ? AND name = ? AND dimensions = ? AND (? IS NULL OR unit = ?))
       ORDER BY time`,
      ...[tier.seconds, startOf(from, periodSeconds), to, namespace, name, dimensionsText(dimensions)],
      ...[unit ?? null, unit ?? null],
    );
    const periods = new Map<number, Distribution>();
    for (const row of rows) {
      const start = startOf(Number(row['time']), periodSeconds);
      const earlier = periods.get(start);
      periods.set(start, earlier === undefined ? distributionIn(row) : merged(earlier, distributionIn(row)));
    }
    return periods;
  }

  metrics(namespace?: string): KnownMetric[] {
    this.flush();
    return this.#all(
      `SELECT namespace, name, dimensions, unit,
         (SELECT max(time) FROM datum WHERE tier = ${COARSE.seconds} AND metric = id) AS last
       FROM metric WHERE ? IS NULL OR namespace = ? ORDER BY namespace, name, dimensions`,
      namespace ?? null,
      namespace ?? null,
    ).map((row) => ({
      namespace: String(row['namespace']),
      name: String(row['name']),
      dimensions: JSON.parse(String(row['dimensions'])) as Dimensions,
      unit: String(row['unit']),
      last: Number(row['last'] ?? 0),
    }));
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.size === 0) return;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    try {
      this.#db.exec('BEGIN');
      for (const [id, buckets] of waiting) {
        for (const [time, values] of buckets) {
          for (const { seconds } of TIERS) this.#add(seconds, id, startOf(time, seconds), values);
        }
      }
      const now = Date.now();
      if (now - this.#trimmed > TRIM_EVERY_MS) this.trim(now);
      this.#db.exec('COMMIT');
    } catch (error) {
      if (!isSqliteFault(error)) throw error;
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#log(`Metrics of a second are lost: ${(error as Error).message}`);
    }
  }

  /** Deletes what is too old, or too much. */
  trim(now: number): void {
    this.#trimmed = now;
    for (const { seconds, keptMs } of TIERS) {
      this.#prepare('DELETE FROM datum WHERE tier = ? AND time < ?').run(seconds, now - keptMs);
    }
    const rows = Number(this.#all('SELECT count(*) AS n FROM datum')[0]!['n']);
    if (rows <= ROWS_LIMIT) return;
    this.#prepare('DELETE FROM datum WHERE time < (SELECT time FROM datum ORDER BY time LIMIT 1 OFFSET ?)').run(
      rows - ROWS_LIMIT,
    );
  }

  #add(tier: number, metric: number, time: number, values: Distribution): void {
    const found = this.#all('SELECT * FROM datum WHERE tier = ? AND metric = ? AND time = ?', tier, metric, time)[0];
    const { count, sum, min, max, sizes } = found === undefined ? values : merged(distributionIn(found), values);
    this.#prepare('INSERT OR REPLACE INTO datum VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
      ...[tier, metric, time, count, sum, min, max, sizes === undefined ? null : JSON.stringify(sizes)],
    );
  }

  #idOf({ namespace, name, dimensions }: MetricName, unit: string): number | undefined {
    const text = dimensionsText(dimensions);
    const key = keyOf(namespace, name, text, unit);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    if (this.#ids.size >= METRICS_LIMIT) {
      if (!this.#full) this.#log(`There are ${METRICS_LIMIT} metrics; ${namespace} ${name} ${text} is not kept.`);
      this.#full = true;
      return undefined;
    }
    const sql = 'INSERT INTO metric (namespace, name, dimensions, unit) VALUES (?, ?, ?, ?)';
    try {
      const id = Number(this.#prepare(sql).run(namespace, name, text, unit).lastInsertRowid);
      this.#ids.set(key, id);
      return id;
    } catch (error) {
      if (isSqliteFault(error)) return undefined;
      throw error;
    }
  }

  #all(sql: string, ...values: SQLInputValue[]): Record<string, SQLInputValue>[] {
    return this.#prepare(sql).all(...values) as Record<string, SQLInputValue>[];
  }

  #prepare(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** Of the period that a time is in, in milliseconds. */
export const startOf = (time: number, periodSeconds: number): number => time - (time % (periodSeconds * 1_000));

const dimensionsText = (dimensions: Dimensions): string =>
  JSON.stringify(Object.fromEntries(Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))));

const keyOf = (...parts: readonly string[]): string => parts.join('\n');

function distributionIn(row: Record<string, SQLInputValue>): Distribution {
  const sizes = row['sizes'];
  return {
    count: Number(row['count']),
    sum: Number(row['sum']),
    min: Number(row['min']),
    max: Number(row['max']),
    ...(typeof sizes === 'string' && { sizes: JSON.parse(sizes) as Record<string, number> }),
  };
}
