import type { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '../../sqlite.ts';
import type { Checkpoint, Positions } from './shard-source.ts';

/** The checkpoints of all event source mappings, durable. */
export class Checkpoints {
  readonly #database: DatabaseSync;

  constructor(file: string) {
    this.#database = openDatabase(
      file,
      `
      PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS checkpoint (
        mapping TEXT NOT NULL, shard TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (mapping, shard)
      ) WITHOUT ROWID;
    `,
    );
  }

  get(mapping: string, shard: string): Checkpoint | undefined {
    const row = this.#database
      .prepare('SELECT value FROM checkpoint WHERE mapping = ? AND shard = ?')
      .get(mapping, shard);
    return row === undefined ? undefined : (JSON.parse(String(row['value'])) as Checkpoint);
  }

  put(mapping: string, shard: string, checkpoint: Checkpoint): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?)')
      .run(mapping, shard, JSON.stringify(checkpoint));
  }

  of(mapping: string): Positions {
    return {
      get: (shard) => this.get(mapping, shard),
      put: (shard, checkpoint) => this.put(mapping, shard, checkpoint),
    };
  }

  close(): void {
    this.#database.close();
  }
}
