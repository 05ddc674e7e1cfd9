import type { JsonObject } from '../services/service.ts';
import { ConsoleError, type Content, type Route, text } from './http.ts';

/** Athena, asked as the administrator. */
export type Ask = (operation: string, input: JsonObject) => Promise<JsonObject>;

const CATALOG = 'AwsDataCatalog';
const ROWS = 500;
const HISTORY = 50;

/** The editor's API: Athena's own operations behind it, so a query does here what it does for any client. */
export function queryRoutes(ask: Ask): Route[] {
  const execution = async (id: string) => {
    const { QueryExecution } = await ask('GetQueryExecution', { QueryExecutionId: id });
    return QueryExecution as JsonObject;
  };
  return [
    { method: 'GET', path: '/api/query/catalog', handle: () => catalog(ask) },
    {
      method: 'GET',
      path: '/api/query/history',
      handle: async ({ query }) => {
        const group = query.get('workgroup') ?? 'primary';
        const { QueryExecutionIds: ids } = await ask('ListQueryExecutions', { WorkGroup: group, MaxResults: HISTORY });
        if ((ids as string[]).length === 0) return { executions: [] };
        const { QueryExecutions } = await ask('BatchGetQueryExecution', { QueryExecutionIds: ids });
        return { executions: QueryExecutions };
      },
    },
    {
      method: 'POST',
      path: '/api/query',
      handle: async ({ body }) => {
        const { QueryExecutionId } = await ask('StartQueryExecution', {
          QueryString: text(body, 'sql'),
          WorkGroup: text(body, 'workgroup'),
          QueryExecutionContext: {
            Catalog: CATALOG,
            ...(body['database'] !== undefined && { Database: text(body, 'database') }),
          },
        });
        return { id: QueryExecutionId };
      },
    },
    {
      method: 'POST',
      path: '/api/query/:id/stop',
      handle: ({ parameters }) => ask('StopQueryExecution', { QueryExecutionId: parameters['id'] }),
    },
    { method: 'GET', path: '/api/query/:id', handle: ({ parameters }) => execution(parameters['id']!) },
    {
      method: 'GET',
      path: '/api/query/:id/rows',
      handle: ({ parameters, query }) => page(ask, parameters['id']!, query.get('next') ?? undefined),
    },
    { method: 'GET', path: '/api/query/:id/csv', handle: ({ parameters }) => csv(ask, parameters['id']!) },
  ];
}

interface Page {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly next?: string;
}

async function page(ask: Ask, id: string, next: string | undefined): Promise<Page> {
  const input = { QueryExecutionId: id, MaxResults: ROWS, ...(next !== undefined && { NextToken: next }) };
  const [{ ResultSet, NextToken }, { QueryExecution }] = await Promise.all([
    ask('GetQueryResults', input),
    ask('GetQueryExecution', { QueryExecutionId: id }),
  ]);
  const { Rows, ResultSetMetadata } = ResultSet as {
    readonly Rows: readonly { readonly Data: readonly { readonly VarCharValue?: string }[] }[];
    readonly ResultSetMetadata: { readonly ColumnInfo?: readonly { readonly Name: string; readonly Type: string }[] };
  };
  const rows = Rows.map(({ Data }) => Data.map(({ VarCharValue = null }) => VarCharValue));
  // The first row of a query's first page is its header.
  const headed = next === undefined && (QueryExecution as { StatementType?: string }).StatementType === 'DML';
  return {
    columns: (ResultSetMetadata.ColumnInfo ?? []).map(({ Name: name, Type: type }) => ({ name, type })),
    rows: headed ? rows.slice(1) : rows,
    ...(typeof NextToken === 'string' && { next: NextToken }),
  };
}

async function csv(ask: Ask, id: string): Promise<Content> {
  const lines: string[] = [];
  let next: string | undefined;
  do {
    const found: Page = await page(ask, id, next);
    if (next === undefined) lines.push(csvLine(found.columns.map(({ name }) => name)));
    for (const row of found.rows) lines.push(csvLine(row));
    next = found.next;
  } while (next !== undefined);
  return {
    type: 'text/csv; charset=utf-8',
    bytes: Buffer.from(`${lines.join('\r\n')}\r\n`),
    headers: { 'content-disposition': `attachment; filename="${id.replace(/[^\w-]/g, '')}.csv"` },
  };
}

/** What a spreadsheet would calculate is made a text, as the query API does. */
const csvLine = (values: readonly (string | null)[]): string =>
  values
    .map((value) => {
      const safe = value !== null && /^[=+@\t\r]|^-(?!\d)/.test(value) ? `'${value}` : (value ?? '');
      return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    })
    .join(',');

async function catalog(ask: Ask): Promise<JsonObject> {
  const { WorkGroups } = await ask('ListWorkGroups', {});
  const names = (WorkGroups as { Name: string; State?: string }[]).map(({ Name }) => Name);
  const { DatabaseList } = await ask('ListDatabases', { CatalogName: CATALOG });
  const databases = (DatabaseList as { Name: string }[]).map(({ Name }) => Name);
  const tables = await Promise.all(databases.map((database) => tablesOf(ask, database)));
  const named = await Promise.all(names.map((workgroup) => namedQueries(ask, workgroup)));
  if (names.length === 0) throw new ConsoleError(404, 'The templates have no Athena workgroup.');
  return { workgroups: names, databases, tables: tables.flat(), named: named.flat() };
}

async function tablesOf(ask: Ask, database: string): Promise<JsonObject[]> {
  const { TableMetadataList } = await ask('ListTableMetadata', { CatalogName: CATALOG, DatabaseName: database });
  interface Column {
    readonly Name: string;
    readonly Type: string;
  }
  return (TableMetadataList as { Name: string; Columns?: Column[]; PartitionKeys?: Column[] }[]).map((table) => ({
    database,
    name: table.Name,
    columns: [...(table.Columns ?? []), ...(table.PartitionKeys ?? [])].map(({ Name, Type }) => ({
      name: Name,
      type: Type,
    })),
  }));
}

async function namedQueries(ask: Ask, workgroup: string): Promise<JsonObject[]> {
  const { NamedQueryIds: ids } = await ask('ListNamedQueries', { WorkGroup: workgroup, MaxResults: 50 });
  if ((ids as string[]).length === 0) return [];
  const { NamedQueries } = await ask('BatchGetNamedQuery', { NamedQueryIds: ids });
  return (NamedQueries as JsonObject[]).map(({ Name, Description, Database, QueryString }) => ({
    workgroup,
    name: Name,
    describe: Description,
    database: Database,
    sql: QueryString,
  }));
}
