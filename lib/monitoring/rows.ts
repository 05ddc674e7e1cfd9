import {
  GraphWidget,
  type IMetric,
  type IWidget,
  SingleValueWidget,
  TextWidget,
  TextWidgetBackground,
} from 'aws-cdk-lib/aws-cloudwatch';

/** Of the grid of a dashboard. */
export const GRID = 24;
const GRAPH_HEIGHT = 5;

/** The heading of a capability: where its numbers begin, and what they say. */
export const heading = (title: string, text: string): IWidget =>
  new TextWidget({
    markdown: `## ${title}\n${text}`,
    width: GRID,
    height: 2,
    background: TextWidgetBackground.TRANSPARENT,
  });

export interface GraphOptions {
  /** Columns of the grid. */
  readonly width: number;
  /** Of the axis: `rows`, `ms`, `bytes`. */
  readonly unit: string;
  readonly stacked?: boolean;
}

export const graph = (title: string, metrics: readonly IMetric[], options: GraphOptions): IWidget =>
  new GraphWidget({
    title,
    left: [...metrics],
    width: options.width,
    height: GRAPH_HEIGHT,
    leftYAxis: { min: 0, label: options.unit, showUnits: false },
    ...(options.stacked !== undefined && { stacked: options.stacked }),
  });

export const numbers = (title: string, metrics: readonly IMetric[], width: number): IWidget =>
  new SingleValueWidget({ title, metrics: [...metrics], width, height: 3 });
