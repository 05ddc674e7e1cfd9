import type { Names } from '../names.ts';
import { goldTables, maintenanceStatements } from './gold-statements.ts';
import type { State, States } from './states.ts';

export interface MaintenanceProps {
  readonly names: Names;
  /** At the same time. */
  readonly concurrency: number;
  readonly next: string;
  /** The state that carries out a statement. */
  readonly statement: (query: Readonly<Record<string, string>>) => State;
}

/**
 * First the answers of runs that no reader asks for any more are deleted: those that never got the pointer, and all but the
 * last published ones. Then the tables are compacted, and the files that no snapshot needs removed. It is after the pointer
 * was moved, so what fails here is left to the next run.
 */
export function maintenanceStates({ names, concurrency, next, statement }: MaintenanceProps): States {
  const eachOf = (itemsPath: string, name: string, query: Readonly<Record<string, string>>, after: string): State => ({
    Type: 'Map',
    ItemsPath: itemsPath,
    MaxConcurrency: concurrency,
    ItemSelector: { 'item.$': '$$.Map.Item.Value', 'plan.$': '$.plan' },
    ItemProcessor: {
      ProcessorConfig: { Mode: 'INLINE' },
      StartAt: name,
      States: { [name]: { ...statement(query), End: true } },
    },
    ResultPath: null,
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.untidy', Next: next }],
    Next: after,
  });
  return {
    Maintenance: {
      Type: 'Pass',
      Result: { tables: goldTables, statements: maintenanceStatements(names) },
      ResultPath: '$.maintenance',
      Next: 'ForgetRuns',
    },
    ForgetRuns: eachOf('$.maintenance.tables', 'Forget', { 'QueryString.$': FORGET }, 'Tidy'),
    Tidy: eachOf('$.maintenance.statements', 'Maintain', { 'QueryString.$': '$.item' }, next),
  };
}

const FORGET = "States.Format('DELETE FROM {} WHERE run_id NOT IN ({})', $.item, $.plan.keptRuns)";
