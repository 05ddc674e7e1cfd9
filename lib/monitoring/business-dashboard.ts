import { CustomWidget, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { metrics } from '../../model/metrics/index.ts';
import { questions } from '../../model/questions/index.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { quarantineRate } from './alarm-metrics.ts';
import { feedMetric, ownMetric } from './own-metrics.ts';
import { GRID, graph, heading, numbers } from './rows.ts';
import type { Sources } from './sources.ts';

const MINUTE = 60;
const COLUMNS = 3;
const WIDTH = GRID / COLUMNS;

/**
 * What goes through and what it says: rows a minute, refused rows by feed, the age of both layers, and every question and
 * metric of the model, drawn from the serving layer.
 */
export function businessWidgets(sources: Sources, widgetArn: string): readonly (readonly IWidget[])[] {
  const { batchPath } = sources.profile;
  const perMinute = (name: 'RowsApplied' | 'RowsQuarantined', label: string) =>
    feedNames.map((feed) =>
      feedMetric('clean', name, feed, { statistic: 'Sum', label: `${feed} ${label}`, period: MINUTE }),
    );
  return [
    [
      heading(
        'Posts',
        'Rows that became part of a post, and rows that a rule refused: `npm run quarantine` lists them.',
      ),
    ],
    [
      graph('Rows stored a minute', perMinute('RowsApplied', 'stored'), { width: 9, unit: 'rows', stacked: true }),
      graph('Rows refused a minute', perMinute('RowsQuarantined', 'refused'), {
        width: 9,
        unit: 'rows',
        stacked: true,
      }),
      graph('Refused', [quarantineRate(5 * MINUTE)], { width: 6, unit: '%' }),
    ],
    [
      numbers(
        'Age of the answers, seconds',
        [
          ownMetric('observe', 'LiveFreshness', { statistic: 'Minimum', label: 'live', period: 5 * MINUTE }),
          ...(batchPath
            ? [ownMetric('observe', 'BatchFreshness', { statistic: 'Minimum', label: 'batch', period: 5 * MINUTE })]
            : []),
        ],
        GRID,
      ),
    ],
    [heading('Questions', 'Live where the counters are complete; each answer says which layer it is from.')],
    ...inRows(questions.map(({ name, title }) => custom(widgetArn, 'questions', name, title))),
    [heading('Metrics', 'What the questions are made of; `docs/metrics.md` tells how to add one.')],
    ...inRows(metrics.map(({ name, describe }) => custom(widgetArn, 'metrics', name, describe.replace(/\.$/, '')))),
  ];
}

/** Drawn by the widget function; the parameters are its event. */
const custom = (functionArn: string, kind: 'questions' | 'metrics', name: string, title: string): IWidget =>
  new CustomWidget({
    functionArn,
    title,
    params: { kind, name },
    width: WIDTH,
    height: 6,
    updateOnRefresh: true,
    updateOnResize: false,
    updateOnTimeRangeChange: false,
  });

const inRows = (widgets: readonly IWidget[]): IWidget[][] =>
  Array.from({ length: Math.ceil(widgets.length / COLUMNS) }, (_, row) =>
    widgets.slice(row * COLUMNS, (row + 1) * COLUMNS),
  );
