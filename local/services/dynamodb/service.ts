import type { AccessRequest } from '../../access/caller.ts';
import { capacityObserver } from '../cloudwatch/sources/observers.ts';
import type { MetricSink } from '../cloudwatch/types.ts';
import { type JsonObject, type JsonService, ServiceError } from '../service.ts';
import { Dynalite } from './dynalite.ts';
import { MeteredDynalite } from './metered.ts';
import type { TableDescription } from './store.ts';
import { TableStreams } from './streams.ts';
import { TimeToLive } from './time-to-live.ts';

export interface DynamoDbOptions {
  /** Where the tables are kept. */
  readonly directory: string;
  readonly account: string;
  readonly region: string;
  /** Told in one line when the store does not work, and when it does again. */
  readonly log?: (line: string) => void;
  /** @default - nothing is measured */
  readonly metrics?: MetricSink;
}

const ACTIVE_POLL_MS = 2;

/** DynamoDB and DynamoDB Streams on dynalite, in this process. */
export class DynamoDbService implements JsonService {
  readonly name = 'dynamodb';
  readonly #engine: Dynalite;
  readonly #metered: MeteredDynalite;
  readonly #arnPrefix: string;
  readonly streams: TableStreams;
  readonly timeToLive: TimeToLive;

  private constructor(engine: Dynalite, { account, region, log, metrics }: DynamoDbOptions) {
    this.#engine = engine;
    this.#metered = new MeteredDynalite(engine, metrics && capacityObserver(metrics));
    this.#arnPrefix = `arn:aws:dynamodb:${region}:${account}:table/`;
    this.streams = new TableStreams(engine, { region, arnPrefix: this.#arnPrefix });
    this.timeToLive = new TimeToLive(engine, log && { log });
  }

  static async open(options: DynamoDbOptions): Promise<DynamoDbService> {
    return new DynamoDbService(await Dynalite.open(options), options);
  }

  async close(): Promise<void> {
    this.streams.close();
    await this.timeToLive.close();
    await this.#engine.close();
  }

  arn(table: string): string {
    return this.#arnPrefix + table;
  }

  /** Undefined when there is no such table. */
  async find(table: string): Promise<TableDescription | undefined> {
    try {
      return (await this.#engine.run('DescribeTable', { TableName: table }))['Table'] as TableDescription;
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  }

  /** Creates a table and waits until it is active. */
  async createTable(input: JsonObject): Promise<TableDescription> {
    await this.#engine.run('CreateTable', input);
    for (;;) {
      const table = await this.find(String(input['TableName']));
      if (table?.TableStatus === 'ACTIVE') return table;
      await new Promise((resolve) => setTimeout(resolve, ACTIVE_POLL_MS));
    }
  }

  access(operation: string, input: JsonObject): readonly AccessRequest[] {
    if (this.streams.has(operation)) return this.streams.access(operation, input);
    if (!this.#engine.has(operation)) throw unknown(operation);
    const action = `dynamodb:${operation}`;
    if (operation === 'ListTables') return [{ action, resource: '*' }];
    const { RequestItems, ResourceArn, IndexName } = input;
    if (typeof ResourceArn === 'string') return [{ action, resource: ResourceArn }];
    if (typeof RequestItems === 'object' && RequestItems !== null) {
      return Object.keys(RequestItems).map((table) => ({ action, resource: this.arn(this.#tableName(table)) }));
    }
    const table = this.arn(this.#tableName(input['TableName']));
    return [{ action, resource: typeof IndexName === 'string' ? `${table}/index/${IndexName}` : table }];
  }

  async call(operation: string, input: JsonObject): Promise<JsonObject> {
    if (this.streams.has(operation)) return this.streams.call(operation, input);
    if (!this.#engine.has(operation)) throw unknown(operation);
    const named = this.#withNames(input);
    const answer = await this.#metered.run(operation, named);
    return operation === 'DescribeTimeToLive' ? this.timeToLive.describe(String(named['TableName'])) : answer;
  }

  /** Tables may be named by ARN. */
  #withNames(input: JsonObject): JsonObject {
    const { TableName, RequestItems } = input;
    if (typeof TableName === 'string' && TableName.startsWith('arn:')) {
      return { ...input, TableName: this.#tableName(TableName) };
    }
    if (typeof RequestItems !== 'object' || RequestItems === null) return input;
    if (!Object.keys(RequestItems).some((table) => table.startsWith('arn:'))) return input;
    const named = Object.entries(RequestItems).map(([table, value]) => [this.#tableName(table), value]);
    return { ...input, RequestItems: Object.fromEntries(named) };
  }

  #tableName(nameOrArn: unknown): string {
    const name = String(nameOrArn ?? '');
    if (!name.startsWith('arn:')) return name;
    if (name.startsWith(this.#arnPrefix)) return name.slice(this.#arnPrefix.length);
    throw new ServiceError(
      'ResourceNotFoundException',
      `There is no table ${name} here: ARNs begin with ${this.#arnPrefix}`,
    );
  }
}

function unknown(operation: string): ServiceError {
  return new ServiceError('UnknownOperationException', `The local DynamoDB does not have the operation ${operation}.`);
}
