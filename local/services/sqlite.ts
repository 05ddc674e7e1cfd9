import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

const AGAIN_MS = 1_000;

/** Opens what a service keeps in a file, which is made when it is not there. A reader does not hold up the writer. */
export function openDatabase(file: string, schema: string): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = WAL;');
  database.exec(schema);
  return database;
}

/** The database cannot be written or read: the disk is full, for one. */
export const isSqliteFault = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | null)?.code === 'ERR_SQLITE_ERROR';

/** Writes what must not be lost, as soon as the database can be written. */
export async function written(write: () => void): Promise<void> {
  for (;;) {
    try {
      write();
      return;
    } catch (error) {
      if (!isSqliteFault(error)) throw error;
    }
    await sleep(AGAIN_MS, undefined, { ref: false });
  }
}
