import type { Caller } from '../../access/caller.ts';
import { type FrontDoor, type JsonObject, ServiceError } from '../service.ts';

const CATALOG = 'AwsDataCatalog';

type Operation = (input: JsonObject, caller: Caller) => Promise<JsonObject>;

/**
 * Athena's view of the catalog, asked from Glue with the caller's own rights.
 * https://docs.aws.amazon.com/athena/latest/APIReference/API_ListTableMetadata.html
 */
export function metadataOperations(
  frontDoor: Pick<FrontDoor, 'call'>,
  account: string,
): Readonly<Record<string, Operation>> {
  const glue = async (caller: Caller, operation: string, input: JsonObject): Promise<JsonObject> => {
    try {
      return await frontDoor.call(caller, 'glue', operation, input);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      throw new ServiceError('MetadataException', error.message);
    }
  };
  const known = (input: JsonObject, member = 'CatalogName') => {
    if (String(input[member]).toLowerCase() === CATALOG.toLowerCase()) return;
    throw new ServiceError(
      'InvalidRequestException',
      `There is no data catalog ${input[member]}; there is ${CATALOG}.`,
    );
  };
  const paging = ({ NextToken, MaxResults }: JsonObject): JsonObject => ({
    ...(NextToken === undefined ? {} : { NextToken }),
    ...(MaxResults === undefined ? {} : { MaxResults }),
  });
  const catalog = { CatalogName: CATALOG, Type: 'GLUE' };
  return {
    ListDataCatalogs: async () => ({ DataCatalogsSummary: [catalog] }),
    GetDataCatalog: async (input) => {
      known(input, 'Name');
      return { DataCatalog: { Name: CATALOG, Type: 'GLUE', Parameters: { 'catalog-id': account } } };
    },
    GetDatabase: async (input, caller) => {
      known(input);
      const { Database } = await glue(caller, 'GetDatabase', { Name: input['DatabaseName'] });
      return { Database: database(Database as JsonObject) };
    },
    ListDatabases: async (input, caller) => {
      known(input);
      const { DatabaseList, NextToken } = await glue(caller, 'GetDatabases', paging(input));
      return { DatabaseList: (DatabaseList as JsonObject[]).map(database), ...paging({ NextToken }) };
    },
    GetTableMetadata: async (input, caller) => {
      known(input);
      const { Table } = await glue(caller, 'GetTable', {
        DatabaseName: input['DatabaseName'],
        Name: input['TableName'],
      });
      return { TableMetadata: table(Table as JsonObject) };
    },
    ListTableMetadata: async (input, caller) => {
      known(input);
      const asked = {
        DatabaseName: input['DatabaseName'],
        ...(input['Expression'] === undefined ? {} : { Expression: input['Expression'] }),
        ...paging(input),
      };
      const { TableList, NextToken } = await glue(caller, 'GetTables', asked);
      return { TableMetadataList: (TableList as JsonObject[]).map(table), ...paging({ NextToken }) };
    },
  };
}

const database = ({ Name, Description, Parameters }: JsonObject): JsonObject => ({ Name, Description, Parameters });

function table({
  Name,
  CreateTime,
  TableType,
  Parameters,
  PartitionKeys = [],
  StorageDescriptor,
}: JsonObject): JsonObject {
  const { Columns = [] } = (StorageDescriptor ?? {}) as { Columns?: unknown };
  return { Name, CreateTime, TableType, Parameters, PartitionKeys, Columns };
}
