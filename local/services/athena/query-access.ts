import type { AccessRequest } from '../../access/caller.ts';
import { type CatalogPlace, catalogAccess } from '../glue/catalog-access.ts';
import type { JsonObject } from '../service.ts';
import { placeOf } from './result-objects.ts';
import type { TableUse } from './sql/statement.ts';

/** The catalog's table, to find out where its data is. */
export type TableFinder = (database: string, table: string) => Readonly<JsonObject> | undefined;

const CATALOG_ACTIONS: Readonly<Record<TableUse['use'], readonly string[]>> = {
  read: ['GetDatabase', 'GetTable'],
  describe: ['GetDatabase', 'GetTable'],
  write: ['GetDatabase', 'GetTable', 'UpdateTable'],
  delete: ['GetDatabase', 'GetTable', 'UpdateTable'],
  create: ['GetDatabase', 'CreateTable'],
  drop: ['GetDatabase', 'GetTable', 'DeleteTable'],
};
const OBJECT_ACTIONS: Readonly<Record<TableUse['use'], readonly string[]>> = {
  read: ['s3:GetObject'],
  describe: [],
  write: ['s3:GetObject', 's3:PutObject'],
  delete: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
  create: ['s3:GetObject', 's3:PutObject'],
  drop: [],
};

/**
 * What the caller of a query must be allowed for one of its tables. Athena reads catalog and data with its caller's
 * rights; the engine here has rights of its own, so these are decided before it runs.
 *
 * - the catalog: https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
 * - the data: https://docs.aws.amazon.com/athena/latest/ug/s3-permissions.html
 */
export function accessOf(use: TableUse, place: CatalogPlace, find: TableFinder): AccessRequest[] {
  // Metadata of a table (`t$snapshots`) is part of it.
  const name = use.table.split('$')[0]!;
  const table = find(use.database, name);
  const catalog = CATALOG_ACTIONS[use.use].flatMap((action) =>
    catalogAccess(place, action, use.database, action === 'GetDatabase' ? undefined : name),
  );
  if (table === undefined && use.location === undefined) return catalog;
  const { StorageDescriptor, Parameters, TableType, PartitionKeys } = (table ?? {}) as {
    StorageDescriptor?: { Location?: string };
    Parameters?: Record<string, string>;
    TableType?: string;
    PartitionKeys?: readonly unknown[];
  };
  if (TableType === 'VIRTUAL_VIEW') return catalog;
  const iceberg = Parameters?.['table_type']?.toUpperCase() === 'ICEBERG';
  const projected = Parameters?.['projection.enabled'] === 'true';
  const hive = !iceberg && table !== undefined;
  if (hive && (PartitionKeys?.length ?? 0) > 0 && !projected && use.use !== 'drop') {
    catalog.push(...catalogAccess(place, 'GetPartitions', use.database, name));
    if (use.use === 'write') catalog.push(...catalogAccess(place, 'BatchCreatePartition', use.database, name));
  }
  // With an Iceberg table its data goes too.
  const actions = use.use === 'drop' && iceberg ? ['s3:GetObject', 's3:DeleteObject'] : OBJECT_ACTIONS[use.use];
  const template = projected ? Parameters?.['storage.location.template'] : undefined;
  const location = use.location ?? template?.split('${')[0] ?? StorageDescriptor?.Location ?? '';
  const data = actions.length === 0 ? undefined : placeOf(location);
  if (data === undefined) return catalog;
  const prefix = data.key === '' || data.key.endsWith('/') ? data.key : `${data.key}/`;
  const bucket = `arn:aws:s3:::${data.bucket}`;
  // An Iceberg table's files are listed in its metadata; those of others by S3.
  const listed = hive || actions.includes('s3:DeleteObject');
  return [
    ...catalog,
    ...(listed ? [{ action: 's3:ListBucket', resource: bucket, conditions: { 's3:prefix': [prefix] } }] : []),
    ...actions.map((action) => ({ action, resource: `${bucket}/${prefix}*` })),
  ];
}

/** What it takes to see which databases there are (`*`), or which tables one has. */
export function listingAccess(database: string, place: CatalogPlace): AccessRequest[] {
  if (database === '*') return catalogAccess(place, 'GetDatabases', '*');
  return [...catalogAccess(place, 'GetDatabase', database), ...catalogAccess(place, 'GetTables', database, '*')];
}

interface PlannedTable {
  readonly catalog: string;
  readonly schemaTable: { readonly schema: string; readonly table: string };
}

/** The tables in what `EXPLAIN (TYPE IO, FORMAT JSON)` says. */
export function plannedUses(plan: string, writes: TableUse['use']): TableUse[] {
  const { inputTableColumnInfos = [], outputTable } = JSON.parse(plan) as {
    inputTableColumnInfos?: readonly { readonly table: PlannedTable }[];
    outputTable?: PlannedTable;
  };
  const named = ({ schemaTable: { schema, table } }: PlannedTable, use: TableUse['use']): TableUse => ({
    database: schema,
    table,
    use,
  });
  return [
    ...inputTableColumnInfos.map(({ table }) => named(table, 'read')),
    ...(outputTable === undefined ? [] : [named(outputTable, writes)]),
  ];
}
