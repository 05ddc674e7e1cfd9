import { type JsonObject, ServiceError } from '../service.ts';
import { type CatalogPlace, catalogAccess } from './catalog-access.ts';
import { alreadyExists, fold, invalid, notFound, paged, record, records, strings } from './catalog-input.ts';
import type { CatalogStore, StoredTable } from './catalog-store.ts';
import { partitionFilter } from './partition-filter.ts';
import type { GlueOperation, GlueOperations } from './service.ts';

interface PartitionedTable {
  readonly database: string;
  readonly name: string;
  readonly keys: readonly { readonly Name: string; readonly Type: string }[];
}

const PARTITION_PAGE = 1000;

/**
 * Partitions that are in the catalog. Tables with partition projection have none: engines work them out.
 * `tableOf` finds the table that an input names, or throws.
 */
export function partitionOperations(
  place: CatalogPlace,
  store: CatalogStore,
  tableOf: (input: JsonObject) => StoredTable,
): GlueOperations {
  const operation = (
    action: string,
    call: (table: PartitionedTable, input: JsonObject) => JsonObject,
  ): [string, GlueOperation] => [
    action,
    {
      access: (input) =>
        catalogAccess(place, action, fold(input['DatabaseName'] ?? '*'), fold(input['TableName'] ?? '*')),
      call: (input) => call(partitioned(tableOf(input)), input),
    },
  ];

  const find = ({ database, name }: PartitionedTable, values: readonly string[]): JsonObject => {
    const found = store.partition(database, name, values);
    if (found === undefined) throw notFound('Cannot find partition.');
    return found;
  };
  const body = (table: PartitionedTable, input: JsonObject, created: unknown = Date.now() / 1000): JsonObject => {
    if (strings(input, 'Values').length !== table.keys.length) {
      throw invalid('The number of partition keys do not match the number of partition values');
    }
    return {
      ...input,
      DatabaseName: table.database,
      TableName: table.name,
      CreationTime: created,
      CatalogId: place.account,
    };
  };
  const create = (table: PartitionedTable, input: JsonObject): void => {
    const values = strings(input, 'Values');
    if (store.partition(table.database, table.name, values) !== undefined) throw alreadyExists('Partition');
    store.putPartition(table.database, table.name, values, body(table, input));
  };
  const remove = (table: PartitionedTable, values: readonly string[]): void => {
    find(table, values);
    store.deletePartition(table.database, table.name, values);
  };

  return Object.fromEntries([
    operation('GetPartition', (table, input) => ({ Partition: find(table, strings(input, 'PartitionValues')) })),
    operation('GetPartitions', (table, input) => {
      const { Expression: expression } = input;
      const all = store.partitions(table.database, table.name);
      const matches =
        typeof expression === 'string' && expression !== '' ? partitionFilter(expression, table.keys) : () => true;
      // Engines read a catalog in segments side by side; all of it is in the first.
      const { SegmentNumber: segment } = (input['Segment'] ?? {}) as JsonObject;
      const found = Number(segment ?? 0) > 0 ? [] : all.filter((one) => matches(strings(one, 'Values')));
      return paged(input, 'Partitions', found, PARTITION_PAGE);
    }),
    operation('BatchGetPartition', (table, input) => ({
      Partitions: records(input, 'PartitionsToGet')
        .map((wanted) => store.partition(table.database, table.name, strings(wanted, 'Values')))
        .filter((found) => found !== undefined),
      UnprocessedKeys: [],
    })),
    operation('CreatePartition', (table, input) => {
      create(table, record(input, 'PartitionInput'));
      return {};
    }),
    operation('BatchCreatePartition', (table, input) =>
      each(records(input, 'PartitionInputList'), (one) => create(table, one)),
    ),
    operation('UpdatePartition', (table, input) => {
      const former = strings(input, 'PartitionValueList');
      const { CreationTime } = find(table, former);
      const changed = record(input, 'PartitionInput');
      const row = body(table, changed, CreationTime);
      store.putPartition(table.database, table.name, strings(changed, 'Values'), row, former);
      return {};
    }),
    operation('DeletePartition', (table, input) => {
      remove(table, strings(input, 'PartitionValues'));
      return {};
    }),
    operation('BatchDeletePartition', (table, input) =>
      each(records(input, 'PartitionsToDelete'), (one) => remove(table, strings(one, 'Values'))),
    ),
  ]);
}

function partitioned({ body }: StoredTable): PartitionedTable {
  return {
    database: String(body['DatabaseName']),
    name: String(body['Name']),
    keys: (body['PartitionKeys'] ?? []) as PartitionedTable['keys'],
  };
}

/** Does it to each; what is refused is told beside the values, the rest is done. */
function each(all: readonly JsonObject[], work: (one: JsonObject) => void): JsonObject {
  const errors = all.flatMap((one) => {
    try {
      work(one);
      return [];
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return [{ PartitionValues: one['Values'], ErrorDetail: { ErrorCode: error.code, ErrorMessage: error.message } }];
    }
  });
  return { Errors: errors };
}
