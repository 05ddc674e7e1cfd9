import { isDeepStrictEqual } from 'node:util';
import { type JsonObject, ServiceError } from '../service.ts';
import { type CatalogPlace, catalogAccess } from './catalog-access.ts';
import { alreadyExists, fold, invalid, nameOf, notFound, paged, record } from './catalog-input.ts';
import { partitionOperations } from './catalog-partitions.ts';
import { CatalogStore, type StoredTable } from './catalog-store.ts';
import type { GlueOperation, GlueOperations } from './service.ts';

export interface CatalogOptions extends CatalogPlace {
  /** The SQLite file. */
  readonly file: string;
}

/** The members of a `DatabaseInput` or `TableInput`. */
export type CatalogInput = Readonly<JsonObject>;

/**
 * The Glue Data Catalog: databases, tables and partitions. An update of a table that names a `VersionId` succeeds only
 * if that is the table's version still, which is how Iceberg commits.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html
 */
export class GlueCatalog {
  readonly operations: GlueOperations;
  readonly #store: CatalogStore;
  readonly #place: CatalogPlace;

  constructor({ file, account, region }: CatalogOptions) {
    this.#store = new CatalogStore(file);
    this.#place = { account, region };
    this.operations = {
      ...this.#databaseOperations(),
      ...this.#tableOperations(),
      ...partitionOperations(this.#place, this.#store, (input) => this.#existingTable(input)),
    };
  }

  close(): void {
    this.#store.close();
  }

  /** Creates a database, or brings it to these properties. */
  putDatabase(input: CatalogInput): string {
    const name = nameOf(input);
    const { CreateTime } = this.#store.database(name) ?? {};
    this.#store.putDatabase(name, this.#databaseBody(name, input, CreateTime));
    return name;
  }

  /** The table's properties, without its version; undefined when it is not there. */
  findTable(database: string, name: string): CatalogInput | undefined {
    return this.#store.table(fold(database), fold(name))?.body;
  }

  /** Creates a table, or brings it to these properties. */
  putTable(database: string, input: CatalogInput): string {
    const name = nameOf(input);
    const existing = this.#store.table(fold(database), name);
    if (existing === undefined) this.#createTable({ DatabaseName: database, TableInput: input });
    else if (Object.entries(input).some(([member, value]) => !isDeepStrictEqual(existing.body[member], value))) {
      this.#replaceTable(fold(database), name, existing, input, true);
    }
    return name;
  }

  #databaseOperations(): GlueOperations {
    const database = (action: string, call: GlueOperation['call'], name: (input: JsonObject) => unknown) => ({
      access: (input: JsonObject) => catalogAccess(this.#place, action, fold(name(input) ?? '*')),
      call,
    });
    const named = (input: JsonObject) => input['Name'];
    return {
      GetDatabase: database('GetDatabase', (input) => ({ Database: this.#existingDatabase(named(input)) }), named),
      GetDatabases: database(
        'GetDatabases',
        (input) => paged(input, 'DatabaseList', this.#store.databases()),
        () => '*',
      ),
      CreateDatabase: database(
        'CreateDatabase',
        (input) => {
          const body = record(input, 'DatabaseInput');
          const name = nameOf(body);
          if (this.#store.database(name) !== undefined) throw alreadyExists('Database');
          this.#store.putDatabase(name, this.#databaseBody(name, body));
          return {};
        },
        (input) => record(input, 'DatabaseInput')['Name'],
      ),
      UpdateDatabase: database(
        'UpdateDatabase',
        (input) => {
          const { Name, CreateTime } = this.#existingDatabase(named(input));
          const body = record(input, 'DatabaseInput');
          if (nameOf(body) !== Name) throw invalid('A database cannot be renamed.');
          this.#store.putDatabase(String(Name), this.#databaseBody(String(Name), body, CreateTime));
          return {};
        },
        named,
      ),
      DeleteDatabase: database(
        'DeleteDatabase',
        (input) => {
          this.#store.deleteDatabase(String(this.#existingDatabase(named(input))['Name']));
          return {};
        },
        named,
      ),
    };
  }

  #tableOperations(): GlueOperations {
    const table = (action: string, call: GlueOperation['call'], name: (input: JsonObject) => unknown) => ({
      access: (input: JsonObject) =>
        catalogAccess(this.#place, action, fold(input['DatabaseName'] ?? '*'), fold(name(input) ?? '*')),
      call,
    });
    const named = (input: JsonObject) => input['Name'];
    const tableNamed = (input: JsonObject) => input['TableName'];
    return {
      GetTable: table('GetTable', (input) => ({ Table: this.#described(this.#existingTable(input)) }), named),
      GetTables: table(
        'GetTables',
        (input) => this.#getTables(input),
        () => '*',
      ),
      CreateTable: table(
        'CreateTable',
        (input) => {
          if (input['OpenTableFormatInput'] !== undefined) throw invalid('OpenTableFormatInput is not supported here.');
          this.#createTable(input);
          return {};
        },
        (input) => record(input, 'TableInput')['Name'],
      ),
      UpdateTable: table(
        'UpdateTable',
        (input) => this.#updateTable(input),
        (input) => record(input, 'TableInput')['Name'],
      ),
      DeleteTable: table(
        'DeleteTable',
        (input) => {
          const { body } = this.#existingTable(input);
          this.#store.deleteTable(String(body['DatabaseName']), String(body['Name']));
          return {};
        },
        named,
      ),
      GetTableVersions: table(
        'GetTableVersions',
        (input) => {
          const current = this.#existingTable(input);
          const former = this.#store.archived(String(current.body['DatabaseName']), String(current.body['Name']));
          const versions = [current, ...former].map((one) => ({
            Table: this.#described(one),
            VersionId: String(one.version),
          }));
          return paged(input, 'TableVersions', versions);
        },
        tableNamed,
      ),
      // There are no functions and no statistics: engines ask all the same.
      GetUserDefinedFunctions: {
        access: (input) => [
          ...catalogAccess(this.#place, 'GetUserDefinedFunctions', fold(input['DatabaseName'] ?? '*')),
        ],
        call: () => ({ UserDefinedFunctions: [] }),
      },
      GetColumnStatisticsForTable: table('GetTable', () => ({ ColumnStatisticsList: [], Errors: [] }), tableNamed),
    };
  }

  #databaseBody(name: string, input: CatalogInput, created: unknown = now()): JsonObject {
    return {
      CreateTableDefaultPermissions: [
        { Permissions: ['ALL'], Principal: { DataLakePrincipalIdentifier: 'IAM_ALLOWED_PRINCIPALS' } },
      ],
      ...input,
      Name: name,
      CreateTime: created,
      CatalogId: this.#place.account,
    };
  }

  #createTable(input: JsonObject): void {
    const database = String(this.#existingDatabase(input['DatabaseName'])['Name']);
    const body = record(input, 'TableInput');
    const name = nameOf(body);
    if (this.#store.table(database, name) !== undefined) throw alreadyExists('Table');
    this.#store.putTable(database, name, { version: 0, body: this.#tableBody(database, name, body) });
  }

  #updateTable(input: JsonObject): JsonObject {
    const body = record(input, 'TableInput');
    const name = nameOf(body);
    if (input['Name'] !== undefined && fold(input['Name']) !== name) throw invalid('A table cannot be renamed here.');
    const existing = this.#existingTable({ ...input, Name: name });
    const { VersionId, SkipArchive } = input;
    if (VersionId !== undefined && VersionId !== String(existing.version)) {
      throw new ServiceError('ConcurrentModificationException', 'Update table failed due to concurrent modifications.');
    }
    this.#replaceTable(fold(input['DatabaseName']), name, existing, body, SkipArchive !== true);
    return {};
  }

  #replaceTable(database: string, name: string, existing: StoredTable, input: CatalogInput, archive: boolean): void {
    const body = this.#tableBody(database, name, input, existing.body['CreateTime']);
    this.#store.putTable(database, name, { version: existing.version + 1, body }, archive);
  }

  #tableBody(database: string, name: string, input: CatalogInput, created: unknown = now()): JsonObject {
    return {
      Retention: 0,
      ...input,
      Name: name,
      DatabaseName: database,
      CreateTime: created,
      UpdateTime: now(),
      CatalogId: this.#place.account,
      IsRegisteredWithLakeFormation: false,
    };
  }

  #described({ version, body }: StoredTable): JsonObject {
    return { ...body, VersionId: String(version) };
  }

  #getTables(input: JsonObject): JsonObject {
    const { Name: database } = this.#existingDatabase(input['DatabaseName']);
    const expression = typeof input['Expression'] === 'string' ? new RegExp(`^(?:${input['Expression']})$`, 'i') : /^/;
    const tables = this.#store.tables(String(database)).map((table) => this.#described(table));
    return paged(
      input,
      'TableList',
      tables.filter(({ Name }) => expression.test(String(Name))),
    );
  }

  #existingDatabase(given: unknown): JsonObject {
    const name = fold(given);
    const found = this.#store.database(name);
    if (found === undefined) throw notFound(`Database ${name} not found.`);
    return found;
  }

  /** `Name` or `TableName`, by operation. */
  #existingTable(input: JsonObject): StoredTable {
    const database = String(this.#existingDatabase(input['DatabaseName'])['Name']);
    const name = fold(input['Name'] ?? input['TableName']);
    const found = this.#store.table(database, name);
    if (found === undefined) throw notFound(`Table ${name} not found.`);
    return found;
  }
}

const now = (): number => Date.now() / 1000;
