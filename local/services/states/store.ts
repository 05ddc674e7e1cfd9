import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { JsonObject } from '../service.ts';
import { openDatabase } from '../sqlite.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** Times in milliseconds; input and output are JSON texts. */
export interface Execution {
  readonly arn: string;
  readonly machineArn: string;
  readonly name: string;
  readonly status: ExecutionStatus;
  readonly input: string;
  readonly started: number;
  readonly stopped: number | null;
  readonly output: string | null;
  readonly error: string | null;
  readonly cause: string | null;
}

export interface Ending {
  readonly status: Exclude<ExecutionStatus, 'RUNNING'>;
  readonly output?: string | undefined;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

export interface HistoryEvent {
  readonly id: number;
  readonly time: number;
  readonly type: string;
  readonly details: JsonObject;
}

const SCHEMA = `
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS execution (
    arn TEXT PRIMARY KEY, machine TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL, input TEXT NOT NULL,
    started INTEGER NOT NULL, stopped INTEGER, output TEXT, error TEXT, cause TEXT
  );
  CREATE INDEX IF NOT EXISTS execution_by_machine ON execution (machine, started);
  CREATE TABLE IF NOT EXISTS history_event (
    execution TEXT NOT NULL, id INTEGER NOT NULL, time INTEGER NOT NULL, type TEXT NOT NULL, details TEXT NOT NULL,
    PRIMARY KEY (execution, id)
  ) WITHOUT ROWID;
`;
const COLUMNS = 'arn, machine AS machineArn, name, status, input, started, stopped, output, error, cause';

/** Executions and their history in a SQLite file. */
export class ExecutionStore {
  readonly #db: DatabaseSync;

  constructor(file: string) {
    this.#db = openDatabase(file, SCHEMA);
  }

  close(): void {
    this.#db.close();
  }

  add(execution: Pick<Execution, 'arn' | 'machineArn' | 'name' | 'input' | 'started'>): void {
    const { arn, machineArn, name, input, started } = execution;
    const sql = "INSERT INTO execution (arn, machine, name, status, input, started) VALUES (?, ?, ?, 'RUNNING', ?, ?)";
    this.#db.prepare(sql).run(arn, machineArn, name, input, started);
  }

  find(arn: string): Execution | undefined {
    return this.#executions('WHERE arn = ?', arn)[0];
  }

  running(): Execution[] {
    return this.#executions("WHERE status = 'RUNNING'");
  }

  /** The newest first. */
  list(machineArn: string, status?: string): Execution[] {
    const where = 'WHERE machine = ? AND (? IS NULL OR status = ?) ORDER BY started DESC, rowid DESC';
    return this.#executions(where, machineArn, status ?? null, status ?? null);
  }

  /** False when it has ended already. */
  end(arn: string, { status, output, error, cause }: Ending): boolean {
    const sql =
      "UPDATE execution SET status = ?, output = ?, error = ?, cause = ?, stopped = ? WHERE arn = ? AND status = 'RUNNING'";
    const values = [status, output ?? null, error ?? null, cause ?? null, Date.now(), arn];
    return Number(this.#db.prepare(sql).run(...values).changes) > 0;
  }

  addEvent(execution: string, { id, time, type, details }: HistoryEvent): void {
    const sql = 'INSERT OR REPLACE INTO history_event VALUES (?, ?, ?, ?, ?)';
    this.#db.prepare(sql).run(execution, id, time, type, JSON.stringify(details));
  }

  events(execution: string): HistoryEvent[] {
    return this.#db
      .prepare('SELECT id, time, type, details FROM history_event WHERE execution = ? ORDER BY id')
      .all(execution)
      .map((row) => ({ ...row, details: JSON.parse(String(row['details'])) }) as unknown as HistoryEvent);
  }

  #executions(where: string, ...values: SQLInputValue[]): Execution[] {
    return this.#db.prepare(`SELECT ${COLUMNS} FROM execution ${where}`).all(...values) as unknown as Execution[];
  }
}
