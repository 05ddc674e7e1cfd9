import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { AccessRequest, Caller } from '../../access/caller.ts';
import { putQuery } from '../cloudwatch/sources/observers.ts';
import type { MetricSink } from '../cloudwatch/types.ts';
import { type FrontDoor, type JsonObject, type JsonService, ServiceError } from '../service.ts';
import { describeExecution } from './describe-execution.ts';
import { type Execution, QueryHistory } from './history.ts';
import { invalid, list, page } from './input.ts';
import { metadataOperations } from './metadata.ts';
import { namedQueryId, namedQueryOperations } from './named-queries.ts';
import type { TableFinder } from './query-access.ts';
import { isQuery, type QueryEngine, QueryRunner } from './query-runner.ts';
import { readPage } from './result-file.ts';
import { placeOf, ResultObjects } from './result-objects.ts';
import { StatementError } from './sql/reader.ts';
import { readStatement, type Statement } from './sql/statement.ts';
import { type WorkGroup, WorkGroups } from './workgroups.ts';

export interface AthenaOptions {
  readonly account: string;
  readonly region: string;
  /** The SQLite file of past queries. */
  readonly file: string;
  /** For results on their way to S3. */
  readonly directory: string;
  /** Of the front door, where results go. */
  readonly endpoint: string;
  readonly frontDoor: FrontDoor;
  readonly findTable: TableFinder;
  /** Resolves when it has been started. */
  readonly engine: () => Promise<QueryEngine>;
  /** @default - nothing is measured */
  readonly metrics?: MetricSink;
}

type Operation = (input: JsonObject, caller: Caller) => JsonObject | Promise<JsonObject>;

const RESULT_PAGE = 1000;
/** No resource level: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonathena.html */
const WITHOUT_RESOURCE = new Set(['ListWorkGroups', 'ListDataCatalogs']);
const OF_CATALOG = new Set(['GetDataCatalog', 'GetDatabase', 'ListDatabases', 'GetTableMetadata', 'ListTableMetadata']);

/** Athena: the queries of workgroups, run by Trino, with results in S3. */
export class AthenaService implements JsonService {
  readonly name = 'athena';
  readonly workGroups: WorkGroups;
  readonly #options: AthenaOptions;
  readonly #history: QueryHistory;
  readonly #objects: ResultObjects;
  readonly #runner: QueryRunner;
  readonly #operations: Readonly<Record<string, Operation>>;

  constructor(options: AthenaOptions) {
    const { account, region, file, directory, frontDoor, findTable, engine } = options;
    this.#options = options;
    this.workGroups = new WorkGroups({ account, region });
    this.#history = new QueryHistory(file);
    this.#objects = new ResultObjects(options);
    this.#runner = new QueryRunner({
      place: { account, region },
      directory,
      engine,
      frontDoor,
      findTable,
      objects: this.#objects,
      history: this.#history,
      ended: ({ workGroup, state, type, scannedBytes, engineMs, submitted, completed = submitted }) =>
        options.metrics &&
        putQuery(options.metrics, { workGroup, state, type, scannedBytes, engineMs, totalMs: completed - submitted }),
    });
    this.#operations = {
      StartQueryExecution: (input, caller) => this.#start(input, caller),
      GetQueryExecution: (input) => ({ QueryExecution: describeExecution(this.#execution(input)) }),
      BatchGetQueryExecution: ({ QueryExecutionIds: ids }) => ({
        QueryExecutions: list(ids)
          .flatMap((id) => this.#history.find(id) ?? [])
          .map(describeExecution),
        UnprocessedQueryExecutionIds: list(ids)
          .filter((id) => this.#history.find(id) === undefined)
          .map((QueryExecutionId) => ({
            QueryExecutionId,
            ErrorCode: 'INVALID_INPUT',
            ErrorMessage: notFound(QueryExecutionId),
          })),
      }),
      GetQueryResults: (input, caller) => this.#results(input, caller),
      StopQueryExecution: (input) => {
        this.#runner.cancel(this.#execution(input).id);
        return {};
      },
      ListQueryExecutions: (input) =>
        page(input, 'QueryExecutionIds', (start, limit) => this.#history.list(this.#group(input).name, start, limit)),
      ...namedQueryOperations(this.#history, (input) => this.#group(input).name),
      GetWorkGroup: (input) => ({ WorkGroup: this.workGroups.describe(this.#group(input).name) }),
      ListWorkGroups: (input) =>
        page(input, 'WorkGroups', (start, limit) =>
          this.workGroups
            .names()
            .slice(start, start + limit)
            .map((name) => this.workGroups.summary(name)),
        ),
      ...metadataOperations(frontDoor, account),
    };
  }

  /** Cancels what runs. */
  async close(): Promise<void> {
    await this.#runner.close();
    this.#objects.close();
    this.#history.close();
  }

  /** Keeps a named query; the same name and workgroup have the same id at every start. */
  putNamedQuery(workGroup: string, name: string, query: JsonObject): string {
    const id = namedQueryId(workGroup, name);
    this.#history.putNamedQuery(id, workGroup, { ...query, Name: name });
    return id;
  }

  deleteNamedQuery(id: string): void {
    this.#history.deleteNamedQuery(id);
  }

  access(operation: string, input: JsonObject): readonly AccessRequest[] {
    this.#operation(operation);
    const { account, region } = this.#options;
    const action = `athena:${operation}`;
    if (WITHOUT_RESOURCE.has(operation)) return [{ action, resource: '*' }];
    if (OF_CATALOG.has(operation)) {
      const catalog = input['CatalogName'] ?? input['Name'];
      return [{ action, resource: `arn:aws:athena:${region}:${account}:datacatalog/${catalog}` }];
    }
    return this.#groupsOf(input).map((group) => ({ action, resource: this.workGroups.arn(group) }));
  }

  async call(operation: string, input: JsonObject, caller: Caller): Promise<JsonObject> {
    return this.#operation(operation)(input, caller);
  }

  #operation(name: string): Operation {
    const found = Object.hasOwn(this.#operations, name) ? this.#operations[name] : undefined;
    if (found !== undefined) return found;
    throw new ServiceError('UnknownOperationException', `The local Athena does not have the operation ${name}.`);
  }

  /** The workgroups that an operation is about: of its queries, else the named one. */
  #groupsOf({ QueryExecutionId, QueryExecutionIds, NamedQueryId, NamedQueryIds, WorkGroup }: JsonObject): string[] {
    const queries = [QueryExecutionId ?? [], QueryExecutionIds ?? []].flat();
    const named = [NamedQueryId ?? [], NamedQueryIds ?? []].flat();
    const groups = [
      ...queries.map((id) => this.#history.find(String(id))?.workGroup),
      ...named.map((id) => this.#history.namedQuery(String(id))?.['WorkGroup']),
    ];
    if (queries.length + named.length === 0) groups.push(String(WorkGroup ?? 'primary'));
    return [...new Set(groups.map((group) => String(group ?? '*')))];
  }

  /** https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html */
  #start(input: JsonObject, caller: Caller): JsonObject {
    const query = input['QueryString'];
    if (typeof query !== 'string' || query.trim() === '') throw invalid('QueryString must be given.');
    const group = this.#group(input);
    if (!group.enabled) throw invalid(`WorkGroup ${group.name} is disabled.`);
    const { Database, Catalog = 'AwsDataCatalog' } = (input['QueryExecutionContext'] ?? {}) as JsonObject;
    if (String(Catalog).toLowerCase() !== 'awsdatacatalog') throw invalid(`There is no catalog ${Catalog}.`);
    const parameters = input['ExecutionParameters'] === undefined ? undefined : list(input['ExecutionParameters']);
    const id = randomUUID();
    const prefix = this.#outputPrefix(input, group);
    const statement = this.#read(query, {
      database: typeof Database === 'string' ? Database.toLowerCase() : 'default',
      tablesLocation: `${prefix}tables/${id}/`,
    });
    const execution: Execution = {
      id,
      workGroup: group.name,
      query,
      ...(parameters === undefined ? {} : { parameters }),
      ...(typeof Database === 'string' ? { database: Database.toLowerCase() } : {}),
      type: statement.type,
      kind: statement.kind,
      outputLocation: prefix + id + extensionOf(statement),
      submitted: Date.now(),
      state: 'QUEUED',
    };
    const token = input['ClientRequestToken'];
    const known = typeof token === 'string' ? this.#history.byToken(token) : undefined;
    if (known !== undefined) {
      if (isDeepStrictEqual(asked(known), asked(execution))) return { QueryExecutionId: known.id };
      throw invalid('Idempotent parameters do not match');
    }
    this.#authorizeOutput(caller, execution);
    this.#history.add(execution, typeof token === 'string' ? token : undefined);
    this.#runner.start({ execution, statement, caller, bytesScannedCutoff: group.bytesScannedCutoff });
    return { QueryExecutionId: id };
  }

  #read(query: string, context: Parameters<typeof readStatement>[1]): Statement {
    try {
      return readStatement(query, context);
    } catch (error) {
      if (error instanceof StatementError) throw invalid(error.message);
      throw error;
    }
  }

  /** With a slash at its end. The group's location wins where it is enforced. */
  #outputPrefix(input: JsonObject, { outputLocation, enforced }: WorkGroup): string {
    const { OutputLocation } = (input['ResultConfiguration'] ?? {}) as JsonObject;
    const wanted =
      typeof OutputLocation === 'string' && !(enforced && outputLocation !== undefined)
        ? OutputLocation
        : outputLocation;
    if (wanted === undefined || placeOf(wanted) === undefined) {
      throw invalid(
        'No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.',
      );
    }
    return wanted.endsWith('/') ? wanted : `${wanted}/`;
  }

  /** https://docs.aws.amazon.com/athena/latest/ug/querying.html */
  #authorizeOutput(caller: Caller, { outputLocation }: Execution): void {
    const { bucket, key } = placeOf(outputLocation)!;
    try {
      const resource = `arn:aws:s3:::${bucket}`;
      this.#options.frontDoor.authorize(caller, { action: 's3:GetBucketLocation', resource });
      this.#options.frontDoor.authorize(caller, { action: 's3:PutObject', resource: `${resource}/${key}` });
    } catch (error) {
      throw invalid(`Unable to verify/create output bucket ${bucket}. ${(error as Error).message}`);
    }
  }

  /** https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html */
  async #results(input: JsonObject, caller: Caller): Promise<JsonObject> {
    const execution = this.#execution(input);
    const { state, columns = [], outputLocation, updateCount } = execution;
    if (state !== 'SUCCEEDED') {
      const why = state === 'FAILED' || state === 'CANCELLED' ? `${state}. ${execution.reason}` : state;
      throw invalid(`Query did not finish successfully. Final query state: ${why}`);
    }
    const start = Number(input['NextToken'] ?? 0);
    const limit = Number(input['MaxResults'] ?? RESULT_PAGE);
    if (!Number.isInteger(start) || start < 0) throw invalid('The NextToken is not one of ours.');
    if (!Number.isInteger(limit) || limit < 1 || limit > RESULT_PAGE)
      throw invalid(`MaxResults is 1 to ${RESULT_PAGE}.`);
    const format = /\.(csv|txt)$/.exec(outputLocation)?.[1];
    const nothing = { rows: [], read: undefined };
    let found: Awaited<ReturnType<typeof readPage>> = nothing;
    if (format !== undefined && columns.length > 0) {
      const stream = await this.#objects.get(caller, placeOf(outputLocation)!, start).catch((error: Error) => {
        throw error.name === 'AccessDenied' || error.name === 'NoSuchKey'
          ? invalid(`The result of the query cannot be read from ${outputLocation}: ${error.message}`)
          : error;
      });
      if (stream !== undefined) found = await readPage(stream, format === 'csv' ? 'csv' : 'txt', limit);
    }
    return {
      UpdateCount: updateCount ?? 0,
      ResultSet: {
        Rows: found.rows.map((row) => ({ Data: row.map((value) => (value === null ? {} : { VarCharValue: value })) })),
        ResultSetMetadata: { ColumnInfo: columns },
      },
      ...(found.read === undefined ? {} : { NextToken: String(start + found.read) }),
    };
  }

  #execution({ QueryExecutionId: id }: JsonObject): Execution {
    const found = this.#history.find(String(id));
    if (found === undefined) throw invalid(notFound(String(id)));
    return found;
  }

  #group({ WorkGroup = 'primary' }: JsonObject): WorkGroup {
    return this.workGroups.get(String(WorkGroup));
  }
}

/** Rows of a query are CSV; a statement that changes rows has no file; all else is text. */
function extensionOf(statement: Statement): string {
  if (isQuery(statement)) return '.csv';
  return statement.type === 'DML' ? '' : '.txt';
}

const asked = ({ workGroup, query, parameters, database }: Execution) => ({ workGroup, query, parameters, database });
const notFound = (id: string) => `QueryExecution ${id} was not found`;
