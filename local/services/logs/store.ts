import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { isSqliteFault, openDatabase } from '../sqlite.ts';

export interface LogGroup {
  readonly name: string;
  readonly created: number;
  readonly retentionDays: number | null;
}

export interface LogStream {
  readonly name: string;
  readonly created: number;
  readonly first: number | null;
  readonly last: number | null;
}

export interface LogEvent {
  readonly id: number;
  readonly stream: string;
  /** Milliseconds, as is `ingested`. */
  readonly time: number;
  readonly ingested: number;
  readonly message: string;
}

export interface EventQuery {
  readonly group: string;
  readonly streams?: readonly string[];
  readonly streamPrefix?: string;
  /** Inclusive, milliseconds. */
  readonly from?: number;
  /** Exclusive, milliseconds. */
  readonly to?: number;
  readonly afterId?: number;
  readonly beforeId?: number;
  /** The newest instead of the oldest ones; the result is still the oldest first. */
  readonly newest?: boolean;
  readonly limit: number;
}

const SCHEMA = `
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS log_group (name TEXT PRIMARY KEY, created INTEGER NOT NULL, retention_days INTEGER);
  CREATE TABLE IF NOT EXISTS log_stream (
    log_group TEXT NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (log_group, name)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS log_event (
    id INTEGER PRIMARY KEY, log_group TEXT NOT NULL, stream TEXT NOT NULL,
    time INTEGER NOT NULL, ingested INTEGER NOT NULL, message TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS log_event_by_stream ON log_event (log_group, stream, id);
`;

const DAY_MS = 86_400_000;
const FLUSH_MS = 50;
const FLUSH_EVENTS = 1_000;
/** While they cannot be written, for want of space for one. */
const KEPT_EVENTS = 10_000;
const AGAIN_MS = 1_000;

/** Log events in one SQLite file. Events are written in batches, before anything is read. */
export class LogStore {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, ReturnType<DatabaseSync['prepare']>>();
  #waiting: { group: string; stream: string; time: number; ingested: number; message: string }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(file: string) {
    this.#database = openDatabase(file, SCHEMA);
  }

  close(): void {
    this.flush();
    this.#database.close();
  }

  putGroup(name: string, retentionDays: number | null): void {
    this.#run(
      'INSERT INTO log_group VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET retention_days = excluded.retention_days',
      name,
      Date.now(),
      retentionDays,
    );
  }

  groups(prefix = ''): LogGroup[] {
    return this.#all<LogGroup>(
      'SELECT name, created, retention_days AS retentionDays FROM log_group WHERE substr(name, 1, ?) = ? ORDER BY name',
      prefix.length,
      prefix,
    );
  }

  /** False when it is there already. */
  putStream(group: string, name: string): boolean {
    return this.#run('INSERT OR IGNORE INTO log_stream VALUES (?, ?, ?)', group, name, Date.now()) > 0;
  }

  streams(group: string, prefix = ''): LogStream[] {
    this.flush();
    return this.#all<LogStream>(
      `SELECT name, created,
         (SELECT min(time) FROM log_event e WHERE e.log_group = s.log_group AND e.stream = s.name) AS first,
         (SELECT max(time) FROM log_event e WHERE e.log_group = s.log_group AND e.stream = s.name) AS last
       FROM log_stream s WHERE log_group = ? AND substr(name, 1, ?) = ? ORDER BY name`,
      group,
      prefix.length,
      prefix,
    );
  }

  append(group: string, stream: string, message: string, time: number): void {
    this.#waiting.push({ group, stream, time, ingested: Date.now(), message });
    if (this.#waiting.length % FLUSH_EVENTS === 0) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  events(query: EventQuery): LogEvent[] {
    this.flush();
    const { group, streams, streamPrefix = '', from = 0, to = Number.MAX_SAFE_INTEGER } = query;
    const { afterId = 0, beforeId = Number.MAX_SAFE_INTEGER, newest = false, limit } = query;
    const among = streams === undefined ? '' : `AND stream IN (${streams.map(() => '?').join(', ')})`;
    const events = this.#all<LogEvent>(
      `SELECT id, stream, time, ingested, message FROM log_event
       WHERE log_group = ? AND time >= ? AND time < ? AND id > ? AND id < ? AND substr(stream, 1, ?) = ? ${among}
       ORDER BY id ${newest ? 'DESC' : 'ASC'} LIMIT ?`,
      ...[group, from, to, afterId, beforeId, streamPrefix.length, streamPrefix, ...(streams ?? []), limit],
    );
    return newest ? events.reverse() : events;
  }

  /** Deletes what is older than its group's retention. */
  trim(now: number): void {
    this.flush();
    for (const { name, retentionDays } of this.groups()) {
      if (retentionDays === null) continue;
      this.#run('DELETE FROM log_event WHERE log_group = ? AND time < ?', name, now - retentionDays * DAY_MS);
    }
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = this.#waiting;
    if (events.length === 0) return;
    this.#waiting = [];
    try {
      this.#database.exec('BEGIN');
      for (const { group, stream, time, ingested, message } of events) {
        const sql = 'INSERT INTO log_event (log_group, stream, time, ingested, message) VALUES (?, ?, ?, ?, ?)';
        this.#run(sql, group, stream, time, ingested, message);
      }
      this.#database.exec('COMMIT');
    } catch (error) {
      if (!isSqliteFault(error)) throw error;
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#waiting = events.slice(-KEPT_EVENTS);
      this.#timer = setTimeout(() => this.flush(), AGAIN_MS).unref();
    }
  }

  #run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  #all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#prepare(sql).all(...values) as T[];
  }

  #prepare(sql: string): ReturnType<DatabaseSync['prepare']> {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
