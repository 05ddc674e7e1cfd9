import type { DatabaseSync } from 'node:sqlite';
import type { JsonObject } from '../service.ts';
import { openDatabase } from '../sqlite.ts';

export interface StoredTable {
  /** Goes up by one with each update. */
  readonly version: number;
  /** The members of Glue's `Table`, without its version. */
  readonly body: JsonObject;
}

const SCHEMA = `
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS catalog_database (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS catalog_table (
    database TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (database, name)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS archived_table (
    database TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (database, name, version)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS table_partition (
    database TEXT NOT NULL, name TEXT NOT NULL, "values" TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (database, name, "values")
  ) WITHOUT ROWID;
`;
const ARCHIVED_VERSIONS = 100;

/** Databases, tables and partitions in a SQLite file. What a call has written survives a crash of the machine. */
export class CatalogStore {
  readonly #db: DatabaseSync;

  constructor(file: string) {
    this.#db = openDatabase(file, SCHEMA);
  }

  close(): void {
    this.#db.close();
  }

  databases(): JsonObject[] {
    return this.#bodies('SELECT body FROM catalog_database ORDER BY name');
  }

  database(name: string): JsonObject | undefined {
    return this.#bodies('SELECT body FROM catalog_database WHERE name = ?', name)[0];
  }

  putDatabase(name: string, body: JsonObject): void {
    this.#run('INSERT OR REPLACE INTO catalog_database VALUES (?, ?)', name, JSON.stringify(body));
  }

  /** With all that is in it. */
  deleteDatabase(name: string): void {
    this.#atomically(() => {
      for (const table of ['catalog_table', 'archived_table', 'table_partition']) {
        this.#run(`DELETE FROM ${table} WHERE database = ?`, name);
      }
      this.#run('DELETE FROM catalog_database WHERE name = ?', name);
    });
  }

  tables(database: string): StoredTable[] {
    return this.#tables('SELECT version, body FROM catalog_table WHERE database = ? ORDER BY name', database);
  }

  table(database: string, name: string): StoredTable | undefined {
    return this.#tables('SELECT version, body FROM catalog_table WHERE database = ? AND name = ?', database, name)[0];
  }

  /** Replaces the table of that name; `archive` keeps what it was. */
  putTable(database: string, name: string, { version, body }: StoredTable, archive = false): void {
    this.#atomically(() => {
      if (archive) {
        this.#run(
          'INSERT OR REPLACE INTO archived_table SELECT * FROM catalog_table WHERE database = ? AND name = ?',
          database,
          name,
        );
        const oldest = version - ARCHIVED_VERSIONS;
        this.#run('DELETE FROM archived_table WHERE database = ? AND name = ? AND version < ?', database, name, oldest);
      }
      this.#run(
        'INSERT OR REPLACE INTO catalog_table VALUES (?, ?, ?, ?)',
        database,
        name,
        version,
        JSON.stringify(body),
      );
    });
  }

  /** With its partitions and former versions. */
  deleteTable(database: string, name: string): void {
    this.#atomically(() => {
      for (const table of ['catalog_table', 'archived_table', 'table_partition']) {
        this.#run(`DELETE FROM ${table} WHERE database = ? AND name = ?`, database, name);
      }
    });
  }

  /** The former versions, the newest first. */
  archived(database: string, name: string): StoredTable[] {
    const query = 'SELECT version, body FROM archived_table WHERE database = ? AND name = ? ORDER BY version DESC';
    return this.#tables(query, database, name);
  }

  partitions(database: string, table: string): JsonObject[] {
    const query = 'SELECT body FROM table_partition WHERE database = ? AND name = ? ORDER BY "values"';
    return this.#bodies(query, database, table);
  }

  partition(database: string, table: string, values: readonly string[]): JsonObject | undefined {
    const query = 'SELECT body FROM table_partition WHERE database = ? AND name = ? AND "values" = ?';
    return this.#bodies(query, database, table, JSON.stringify(values))[0];
  }

  /** In place of the partition with the values `former`, if given. */
  putPartition(
    database: string,
    table: string,
    values: readonly string[],
    body: JsonObject,
    former: readonly string[] = values,
  ): void {
    this.#atomically(() => {
      this.deletePartition(database, table, former);
      const row = [database, table, JSON.stringify(values), JSON.stringify(body)];
      this.#run('INSERT OR REPLACE INTO table_partition VALUES (?, ?, ?, ?)', ...row);
    });
  }

  deletePartition(database: string, table: string, values: readonly string[]): void {
    const query = 'DELETE FROM table_partition WHERE database = ? AND name = ? AND "values" = ?';
    this.#run(query, database, table, JSON.stringify(values));
  }

  #run(sql: string, ...values: readonly (string | number)[]): void {
    this.#db.prepare(sql).run(...values);
  }

  #bodies(sql: string, ...values: readonly string[]): JsonObject[] {
    return this.#db
      .prepare(sql)
      .all(...values)
      .map(({ body }) => JSON.parse(String(body)));
  }

  #tables(sql: string, ...values: readonly string[]): StoredTable[] {
    return this.#db
      .prepare(sql)
      .all(...values)
      .map(({ version, body }) => ({ version: Number(version), body: JSON.parse(String(body)) }));
  }

  #atomically(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}
