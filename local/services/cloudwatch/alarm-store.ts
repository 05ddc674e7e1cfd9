import type { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '../sqlite.ts';
import type { AlarmHistoryItem, AlarmState } from './types.ts';

const KEPT = 10_000;
const SCHEMA = `
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS alarm_state (alarm TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS alarm_history (
    number INTEGER PRIMARY KEY, alarm TEXT NOT NULL, kind TEXT NOT NULL, time INTEGER NOT NULL, type TEXT NOT NULL,
    summary TEXT NOT NULL, data TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS alarm_history_by_alarm ON alarm_history (alarm, number);
`;

/** States of alarms, and their history, the newest ten thousand entries, in a SQLite file. */
export class AlarmStore {
  readonly #db: DatabaseSync;

  constructor(file: string) {
    this.#db = openDatabase(file, SCHEMA);
  }

  close(): void {
    this.#db.close();
  }

  state(alarm: string): AlarmState | undefined {
    const found = this.#db.prepare('SELECT body FROM alarm_state WHERE alarm = ?').get(alarm);
    return found === undefined ? undefined : (JSON.parse(String(found['body'])) as AlarmState);
  }

  putState(alarm: string, state: AlarmState): void {
    this.#db.prepare('INSERT OR REPLACE INTO alarm_state VALUES (?, ?)').run(alarm, JSON.stringify(state));
  }

  deleteState(alarm: string): void {
    this.#db.prepare('DELETE FROM alarm_state WHERE alarm = ?').run(alarm);
  }

  addHistory({ alarm, kind, time, type, summary, data }: AlarmHistoryItem): void {
    const sql = 'INSERT INTO alarm_history (alarm, kind, time, type, summary, data) VALUES (?, ?, ?, ?, ?, ?)';
    this.#db.prepare(sql).run(alarm, kind, time, type, summary, data);
    this.#db.exec(`DELETE FROM alarm_history WHERE number <= (SELECT max(number) FROM alarm_history) - ${KEPT}`);
  }

  /** The newest first. */
  history(alarm: string | undefined, limit: number): AlarmHistoryItem[] {
    const sql = `SELECT alarm, kind, time, type, summary, data FROM alarm_history
      WHERE ? IS NULL OR alarm = ? ORDER BY number DESC LIMIT ?`;
    return this.#db.prepare(sql).all(alarm ?? null, alarm ?? null, limit) as unknown as AlarmHistoryItem[];
  }
}
