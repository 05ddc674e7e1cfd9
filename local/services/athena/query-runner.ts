import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { abortable } from '../../abortable.ts';
import type { Caller } from '../../access/caller.ts';
import { type TrinoClient, type TrinoColumn, TrinoError, TrinoLostError } from '../../engines/trino/client.ts';
import type { CatalogPlace } from '../glue/catalog-access.ts';
import { type FrontDoor, type JsonObject, ServiceError } from '../service.ts';
import { written } from '../sqlite.ts';
import type { Execution, QueryHistory } from './history.ts';
import { accessOf, listingAccess, plannedUses, type TableFinder } from './query-access.ts';
import { ResultWriter, type Row } from './result-file.ts';
import { placeOf, type ResultObjects } from './result-objects.ts';
import { literal, SqlReader, StatementError } from './sql/reader.ts';
import type { GlueWork, Statement, TrinoWork } from './sql/statement.ts';
import { columnInfo, textOf } from './values.ts';

/** What runs the queries, such as Trino. */
export interface QueryEngine {
  readonly client: TrinoClient;
  /** Resolves when it answers. */
  ready(): Promise<void>;
}

export interface RunnerOptions {
  readonly place: CatalogPlace;
  /** For results on their way. */
  readonly directory: string;
  /** Resolves when it has been started. */
  readonly engine: () => Promise<QueryEngine>;
  readonly frontDoor: Pick<FrontDoor, 'authorize' | 'call'>;
  readonly findTable: TableFinder;
  readonly objects: ResultObjects;
  readonly history: QueryHistory;
  /** Told of each query that has ended. */
  readonly ended: (execution: Execution) => void;
}

export interface Job {
  readonly execution: Execution;
  readonly statement: Statement;
  readonly caller: Caller;
  readonly bytesScannedCutoff: number | undefined;
}

type Outcome = Partial<Pick<Execution, 'columns' | 'updateCount' | 'scannedBytes' | 'engineMs'>>;

/** A query that was stopped, and by what. */
class CancelledError extends Error {}

const AT_ONCE = 4;
/** On a line of its own, so that columns in messages stay right. */
const PLAN = 'EXPLAIN (TYPE IO, FORMAT JSON)\n';

/** Runs queries, a few at once; the others wait. */
export class QueryRunner {
  readonly #options: RunnerOptions;
  readonly #cancels = new Map<string, AbortController>();
  readonly #running = new Set<Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #free = AT_ONCE;

  constructor(options: RunnerOptions) {
    this.#options = options;
    rmSync(options.directory, { recursive: true, force: true });
    mkdirSync(options.directory, { recursive: true });
  }

  start(job: Job): void {
    const cancel = new AbortController();
    this.#cancels.set(job.execution.id, cancel);
    const running = this.#run(job, cancel.signal).finally(() => {
      this.#cancels.delete(job.execution.id);
      this.#running.delete(running);
    });
    this.#running.add(running);
  }

  /** Does nothing to a query that has ended. */
  cancel(id: string, reason = 'Query cancelled by user'): void {
    this.#cancels.get(id)?.abort(new CancelledError(reason));
  }

  async close(): Promise<void> {
    for (const id of this.#cancels.keys()) this.cancel(id, 'The local runtime is stopped.');
    await Promise.all(this.#running);
  }

  async #run(job: Job, signal: AbortSignal): Promise<void> {
    const { history } = this.#options;
    let execution = job.execution;
    const update = (changed: Partial<Execution>): Promise<void> => {
      execution = { ...execution, ...changed };
      return written(() => history.put(execution));
    };
    let outcome: Outcome = {};
    const measure = (measured: Outcome) => {
      outcome = { ...outcome, ...measured };
    };
    let slot = false;
    try {
      await this.#slot(signal);
      slot = true;
      await update({ state: 'RUNNING', started: Date.now() });
      const { work } = job.statement;
      if (work.engine === 'glue') await this.#runGlue(job, work);
      else await this.#runTrino(job, work, signal, measure);
      await update({ ...outcome, state: 'SUCCEEDED', completed: Date.now() });
    } catch (error) {
      await update({ ...outcome, ...failureOf(signal.aborted ? signal.reason : error), completed: Date.now() });
    } finally {
      if (slot) this.#release();
      this.#options.ended(execution);
    }
  }

  async #runGlue({ caller, execution }: Job, { operation, input, ignored }: GlueWork): Promise<void> {
    try {
      await this.#options.frontDoor.call(caller, 'glue', operation, input);
    } catch (error) {
      if (!(error instanceof ServiceError) || error.code !== ignored) throw error;
    }
    await this.#keep(caller, execution, async () => {});
  }

  async #runTrino(job: Job, work: TrinoWork, signal: AbortSignal, measure: (outcome: Outcome) => void): Promise<void> {
    const { caller, execution, statement, bytesScannedCutoff = Number.POSITIVE_INFINITY } = job;
    const engine = await abortable(this.#options.engine(), signal);
    await abortable(engine.ready(), signal);
    await this.#authorize(engine, job, work, signal);
    await this.#keep(caller, execution, async (writer) => {
      for (const [i, sql] of work.statements.entries()) {
        const last = i === work.statements.length - 1;
        let columns: readonly TrinoColumn[] | undefined;
        for await (const page of engine.client.run(withParameters(sql, execution.parameters), {
          schema: schemaOf(execution),
          signal,
        })) {
          const { physicalInputBytes, elapsedTimeMillis } = page.stats;
          measure({ scannedBytes: physicalInputBytes, engineMs: elapsedTimeMillis });
          if (physicalInputBytes > bytesScannedCutoff)
            throw new CancelledError('Query cancelled! : Bytes scanned limit was exceeded');
          if (!last || statement.type === 'DDL') continue;
          if (columns === undefined && page.columns !== undefined) {
            columns = page.columns;
            measure({ columns: resultColumns(statement, columns) });
            if (isQuery(statement)) await writer?.write([columns.map(({ name }) => name)]);
          }
          if (page.updateCount !== undefined) measure({ updateCount: page.updateCount });
          else if (columns !== undefined) {
            const types = columns.map(({ typeSignature }) => typeSignature);
            const rows = page.rows.map((row) => row.map((value, at) => textOf(value, types[at]!)));
            await writer?.write(
              statement.kind === 'SHOW_PARTITIONS' ? rows.map((row) => [partitionName(columns!, row)]) : rows,
            );
          }
        }
      }
    });
  }

  /** @throws ServiceError AccessDeniedException for the first thing that the caller may not do */
  async #authorize(
    engine: QueryEngine,
    { caller, execution }: Job,
    work: TrinoWork,
    signal: AbortSignal,
  ): Promise<void> {
    const { frontDoor, findTable, place } = this.#options;
    const uses = [...work.uses];
    if (work.planned !== undefined) {
      const { sql, writes } = work.planned;
      uses.push(...plannedUses(await this.#plan(engine, sql, execution, signal), writes));
    }
    const lists = uses.some(({ database }) => database === 'information_schema') ? '*' : work.lists;
    const needed = [
      ...(lists === undefined ? [] : listingAccess(lists, place)),
      ...uses
        .filter(({ database }) => database !== 'information_schema')
        .flatMap((use) => accessOf(use, place, findTable)),
    ];
    for (const request of needed) frontDoor.authorize(caller, request);
  }

  async #plan(engine: QueryEngine, sql: string, execution: Execution, signal: AbortSignal): Promise<string> {
    let plan = '';
    try {
      // A plan takes no parameters.
      const explained =
        PLAN + (execution.parameters === undefined ? sql : new SqlReader(sql).withParameters(execution.parameters));
      for await (const { rows } of engine.client.run(explained, { schema: schemaOf(execution), signal })) {
        plan += rows.map(([line]) => line).join('\n');
      }
    } catch (error) {
      if (!(error instanceof TrinoError)) throw error;
      const message = error.message.replace(/^line (\d+):/, (_, line) => `line ${Number(line) - 1}:`);
      throw new TrinoError(error.code, message, error.kind);
    }
    return plan;
  }

  /** Writes the result's object as the caller. */
  async #keep(
    caller: Caller,
    { id, outputLocation }: Execution,
    fill: (writer: ResultWriter | undefined) => Promise<void>,
  ): Promise<void> {
    const { directory, objects } = this.#options;
    const format = /\.(csv|txt)$/.exec(outputLocation)?.[1];
    if (format === undefined) return fill(undefined);
    const file = join(directory, id);
    const writer = new ResultWriter(file, format === 'csv' ? 'csv' : 'txt');
    try {
      await fill(writer);
      await objects.put(caller, placeOf(outputLocation)!, file, await writer.end());
    } finally {
      writer.destroy();
      rmSync(file, { force: true });
    }
  }

  async #slot(signal: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const go = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        reject(signal.reason);
      };
      this.#waiting.push(go);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

const schemaOf = ({ database = 'default' }: Execution): string => database;

/** Whether its result begins with a row of column names. */
export const isQuery = ({ kind }: { readonly kind: string }): boolean => kind === 'SELECT';

function withParameters(sql: string, parameters: readonly string[] | undefined): string {
  if (parameters === undefined || parameters.length === 0) return sql;
  return `EXECUTE IMMEDIATE ${literal(sql)} USING ${parameters.join(', ')}`;
}

function resultColumns({ kind }: Statement, columns: readonly TrinoColumn[]): JsonObject[] {
  if (kind !== 'SHOW_PARTITIONS') return columns.map(columnInfo);
  return [columnInfo({ name: 'partition', typeSignature: { rawType: 'varchar', arguments: [] } })];
}

const partitionName = (columns: readonly TrinoColumn[], row: Row): string =>
  row.map((value, i) => `${columns[i]!.name}=${value ?? '__HIVE_DEFAULT_PARTITION__'}`).join('/');

/** https://docs.aws.amazon.com/athena/latest/ug/error-reference.html */
function failureOf(error: unknown): Pick<Execution, 'state' | 'reason' | 'error'> {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof CancelledError) return { state: 'CANCELLED', reason: message };
  const failed = (reason: string, ErrorCategory: number, ErrorType: number, Retryable = false) =>
    ({ state: 'FAILED', reason, error: { ErrorCategory, ErrorType, Retryable, ErrorMessage: reason } }) as const;
  const SYSTEM = 1;
  const USER = 2;
  if (error instanceof TrinoError) {
    const reason = `${error.code}: ${message}`;
    return error.kind === 'USER_ERROR' ? failed(reason, USER, 1006) : failed(reason, SYSTEM, 401, true);
  }
  if (error instanceof TrinoLostError) return failed(`INTERNAL_ERROR_QUERY_ENGINE: ${message}`, SYSTEM, 401, true);
  if (error instanceof StatementError) return failed(`INVALID_PARAMETER_USAGE: ${message}`, USER, 1006);
  const denied = (error as { code?: string; name?: string }).code === 'AccessDeniedException';
  if (denied) return failed(`Insufficient permissions to execute the query. ${message}`, USER, 1101);
  if ((error as Error).name === 'AccessDenied')
    return failed(`Access denied when writing output: ${message}`, USER, 1101);
  return error instanceof ServiceError
    ? failed(`${error.code}: ${message}`, USER, 1006)
    : failed(message, SYSTEM, 401, true);
}
