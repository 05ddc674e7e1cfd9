import type { DatabaseSync } from 'node:sqlite';
import type { JsonObject } from '../service.ts';
import { openDatabase } from '../sqlite.ts';

export type QueryState = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

/** What is kept of a query. */
export interface Execution {
  readonly id: string;
  readonly workGroup: string;
  readonly query: string;
  readonly parameters?: readonly string[];
  readonly database?: string;
  readonly type: string;
  readonly kind: string;
  /** Of the result's object. */
  readonly outputLocation: string;
  /** Milliseconds, as all times. */
  readonly submitted: number;
  readonly started?: number;
  readonly completed?: number;
  readonly state: QueryState;
  readonly reason?: string;
  readonly error?: JsonObject;
  readonly scannedBytes?: number;
  readonly engineMs?: number;
  readonly columns?: readonly JsonObject[];
  readonly updateCount?: number;
}

const KEPT = 5_000;
const SCHEMA = `
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS execution (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, work_group TEXT NOT NULL, token TEXT UNIQUE, body TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS named_query (id TEXT PRIMARY KEY, work_group TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
`;

/** Queries of the past, the newest few thousand of them, and named queries, in a SQLite file. */
export class QueryHistory {
  readonly #db: DatabaseSync;

  constructor(file: string) {
    this.#db = openDatabase(file, SCHEMA);
    // Nobody runs them any more.
    for (const execution of this.#executions(
      "SELECT body FROM execution WHERE body ->> 'state' IN ('QUEUED', 'RUNNING')",
    )) {
      const reason = 'The local runtime was stopped while the query ran.';
      this.put({ ...execution, state: 'FAILED', completed: Date.now(), reason });
    }
  }

  close(): void {
    this.#db.close();
  }

  /** `token`: of the client, to find the query again when it asks twice. */
  add(execution: Execution, token: string | undefined): void {
    this.#db
      .prepare('INSERT INTO execution (id, work_group, token, body) VALUES (?, ?, ?, ?)')
      .run(execution.id, execution.workGroup, token ?? null, JSON.stringify(execution));
    this.#db.exec(`DELETE FROM execution WHERE number <= (SELECT max(number) FROM execution) - ${KEPT}`);
  }

  put(execution: Execution): void {
    this.#db.prepare('UPDATE execution SET body = ? WHERE id = ?').run(JSON.stringify(execution), execution.id);
  }

  find(id: string): Execution | undefined {
    return this.#executions('SELECT body FROM execution WHERE id = ?', id)[0];
  }

  byToken(token: string): Execution | undefined {
    return this.#executions('SELECT body FROM execution WHERE token = ?', token)[0];
  }

  /** Ids of a workgroup, the newest first. */
  list(workGroup: string, start: number, limit: number): string[] {
    const sql = 'SELECT id FROM execution WHERE work_group = ? ORDER BY number DESC LIMIT ? OFFSET ?';
    return this.#db
      .prepare(sql)
      .all(workGroup, limit, start)
      .map(({ id }) => String(id));
  }

  putNamedQuery(id: string, workGroup: string, query: JsonObject): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO named_query VALUES (?, ?, ?)')
      .run(id, workGroup, JSON.stringify({ ...query, NamedQueryId: id, WorkGroup: workGroup }));
  }

  namedQuery(id: string): JsonObject | undefined {
    const found = this.#db.prepare('SELECT body FROM named_query WHERE id = ?').get(id);
    return found === undefined ? undefined : JSON.parse(String(found['body']));
  }

  deleteNamedQuery(id: string): void {
    this.#db.prepare('DELETE FROM named_query WHERE id = ?').run(id);
  }

  namedQueries(workGroup: string): string[] {
    const found = this.#db.prepare('SELECT id FROM named_query WHERE work_group = ? ORDER BY id').all(workGroup);
    return found.map(({ id }) => String(id));
  }

  #executions(sql: string, ...values: readonly string[]): Execution[] {
    return this.#db
      .prepare(sql)
      .all(...values)
      .map(({ body }) => JSON.parse(String(body)));
  }
}
