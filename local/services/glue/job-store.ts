import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { openDatabase } from '../sqlite.ts';
import type { JobArguments } from './job-arguments.ts';

export type JobRunState = 'RUNNING' | 'STOPPING' | 'STOPPED' | 'SUCCEEDED' | 'FAILED' | 'TIMEOUT';

/** Times in milliseconds. */
export interface JobRun {
  readonly id: string;
  readonly job: string;
  readonly state: JobRunState;
  readonly arguments: JobArguments;
  readonly logGroup: string;
  readonly timeoutMinutes: number;
  readonly started: number;
  readonly ended: number | null;
  readonly error: string | null;
}

const SCHEMA = `
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS job_run (
    id TEXT PRIMARY KEY, job TEXT NOT NULL, state TEXT NOT NULL, arguments TEXT NOT NULL, log_group TEXT NOT NULL,
    timeout_minutes INTEGER NOT NULL, started INTEGER NOT NULL, ended INTEGER, error TEXT
  );
  CREATE INDEX IF NOT EXISTS job_run_by_job ON job_run (job, started);
`;
const COLUMNS =
  'id, job, state, arguments, log_group AS logGroup, timeout_minutes AS timeoutMinutes, started, ended, error';
const UNFINISHED = "state IN ('RUNNING', 'STOPPING')";

/** The runs of jobs in a SQLite file. */
export class JobStore {
  readonly #db: DatabaseSync;

  constructor(file: string) {
    this.#db = openDatabase(file, SCHEMA);
  }

  close(): void {
    this.#db.close();
  }

  add(run: Omit<JobRun, 'state' | 'ended' | 'error'>): void {
    const sql = "INSERT INTO job_run VALUES (?, ?, 'RUNNING', ?, ?, ?, ?, NULL, NULL)";
    const { id, job, logGroup, timeoutMinutes, started } = run;
    this.#db.prepare(sql).run(id, job, JSON.stringify(run.arguments), logGroup, timeoutMinutes, started);
  }

  stopping(id: string): void {
    this.#db.prepare("UPDATE job_run SET state = 'STOPPING' WHERE id = ? AND state = 'RUNNING'").run(id);
  }

  end(id: string, state: JobRunState, error: string | undefined): void {
    const sql = `UPDATE job_run SET state = ?, error = ?, ended = ? WHERE id = ? AND ${UNFINISHED}`;
    this.#db.prepare(sql).run(state, error ?? null, Date.now(), id);
  }

  find(job: string, id: string): JobRun | undefined {
    return this.#runs('WHERE job = ? AND id = ?', job, id)[0];
  }

  unfinished(): JobRun[] {
    return this.#runs(`WHERE ${UNFINISHED}`);
  }

  /** The newest first. */
  list(job: string): JobRun[] {
    return this.#runs('WHERE job = ? ORDER BY started DESC, rowid DESC', job);
  }

  #runs(where: string, ...values: SQLInputValue[]): JobRun[] {
    return this.#db
      .prepare(`SELECT ${COLUMNS} FROM job_run ${where}`)
      .all(...values)
      .map((row) => ({ ...row, arguments: JSON.parse(String(row['arguments'])) }) as unknown as JobRun);
  }
}
