import { definitionHash, questionHash } from '../../model/compile/definition.ts';
import { type Column, metricColumns, questionColumns } from '../../model/compile/rows.ts';
import { goldTable, questionSql } from '../../model/compile/sql.ts';
import { metrics } from '../../model/metrics/index.ts';
import { questions } from '../../model/questions/index.ts';
import type { ServedKind } from '../../model/serving/served-copies.ts';
import { IF_BUSY, type State, type States } from './states.ts';

/** An answer that a run leaves for the serving function. */
export interface ServedAnswer {
  readonly kind: ServedKind;
  readonly name: string;
  /** Hash of what it answers. */
  readonly definition: string;
  readonly columns: readonly { readonly name: string; readonly type: 'text' | 'number' }[];
  /** For `States.Format`, with a place for the run's id as often as {@link RUN_IDS}. */
  readonly query: string;
}

export interface ServeStatesProps {
  readonly serveFunctionArn: string;
  /** At the same time. */
  readonly concurrency: number;
  readonly next: string;
  /** The state that carries out a statement. */
  readonly statement: (query: Readonly<Record<string, string>>) => State;
}

/** Every template takes as many, so that one state serves all. */
const RUN_IDS = 3;

/** The rows of every metric, and the answer to every question, from what the run computed. */
export const servedAnswers = (): ServedAnswer[] => [
  ...metrics.map((metric): ServedAnswer => {
    const columns = metricColumns(metric);
    const names = columns.map(({ name }) => name).join(', ');
    const query = `SELECT ${names}\nFROM ${goldTable(metric)}\nWHERE run_id = '{}'\nORDER BY ${names}`;
    const definition = definitionHash(metric);
    return { kind: 'metrics', name: metric.name, definition, columns: columns.map(typed), query: template(query) };
  }),
  ...questions.map(
    (question): ServedAnswer => ({
      kind: 'questions',
      name: question.name,
      definition: questionHash(question),
      columns: questionColumns(question).map(typed),
      query: template(questionSql(question, { kind: 'gold', runId: '{}' })),
    }),
  ),
];

const typed = ({ name, type }: Column) => ({ name, type: type === 'string' ? ('text' as const) : ('number' as const) });

/** To `States.Format` a backslash is an escape. What places are left over stand in a comment. */
function template(sql: string): string {
  const left = RUN_IDS - (sql.split('{}').length - 1);
  if (left < 0) throw new RangeError(`More than ${RUN_IDS} places for the run's id in: ${sql}`);
  return `${sql.replaceAll('\\', '\\\\')}${left > 0 ? `\n-- ${'{} '.repeat(left).trim()}` : ''}`;
}

/** Before readers see the run, its answers stand where they are read without Athena. */
export function serveStates({ serveFunctionArn, concurrency, next, statement }: ServeStatesProps): States {
  const runIds = Array.from({ length: RUN_IDS }, () => '$.plan.runId').join(', ');
  return {
    Answers: { Type: 'Pass', Result: servedAnswers(), ResultPath: '$.answers', Next: 'Serve' },
    Serve: {
      Type: 'Map',
      ItemsPath: '$.answers',
      MaxConcurrency: concurrency,
      ItemSelector: { 'answer.$': '$$.Map.Item.Value', 'plan.$': '$.plan' },
      ItemProcessor: {
        ProcessorConfig: { Mode: 'INLINE' },
        StartAt: 'Select',
        States: {
          Select: {
            ...statement({ 'QueryString.$': `States.Format($.answer.query, ${runIds})` }),
            ResultSelector: { 'location.$': '$.QueryExecution.ResultConfiguration.OutputLocation' },
            ResultPath: '$.result',
            Next: 'Copy',
          },
          Copy: {
            Type: 'Task',
            Resource: 'arn:aws:states:::lambda:invoke',
            Parameters: {
              FunctionName: serveFunctionArn,
              Payload: {
                'run.$': '$.plan.runId',
                'watermark.$': '$.plan.watermark',
                'kind.$': '$.answer.kind',
                'name.$': '$.answer.name',
                'definition.$': '$.answer.definition',
                'columns.$': '$.answer.columns',
                'location.$': '$.result.location',
              },
            },
            ResultPath: null,
            Retry: [
              IF_BUSY,
              { ErrorEquals: ['States.TaskFailed'], IntervalSeconds: 2, MaxAttempts: 2, BackoffRate: 2 },
            ],
            End: true,
          },
        },
      },
      ResultPath: null,
      Next: next,
    },
  };
}

/** Removes what runs left that no reader asks for any more. What fails here is left to the next time. */
export const sweepState = (serveFunctionArn: string, next: string): State => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: serveFunctionArn, Payload: { 'keep.$': '$.plan.published[*].S' } },
  ResultPath: null,
  Retry: [IF_BUSY],
  Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.unswept', Next: next }],
  Next: next,
});
