import { type IMetric, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { FeedName } from '../../model/rules/rule.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { STAGE } from '../ingest/stage.ts';
import type { Names } from '../names.ts';
import type { Profile } from '../profiles/index.ts';
import { type AWS_METRICS, awsMetric, type Shown } from './aws-metrics.ts';
import { canaryOf } from './canary-function.ts';

type MetricName<N extends keyof typeof AWS_METRICS> = keyof (typeof AWS_METRICS)[N] & string;
type Tables = 'posts' | 'counters' | 'runs';

/** An alarm on an expression reads ten metrics at most. @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html */
export const MOST_METRICS = 10;

export class TooManyMetricsError extends Error {
  override readonly name = 'TooManyMetricsError';
}

/** Metrics of what the deployment is made of, by its names: no stack has to give another one anything. */
export class Sources {
  readonly names: Names;
  readonly profile: Profile;
  readonly machineArn: string;

  /** @param machineArn of the batch layer's state machine */
  constructor(names: Names, profile: Profile, machineArn: string) {
    this.names = names;
    this.profile = profile;
    this.machineArn = machineArn;
  }

  api(name: MetricName<'AWS/ApiGateway'>, shown: Shown) {
    return awsMetric('AWS/ApiGateway', name, { ApiName: this.names.api, Stage: STAGE }, shown);
  }

  stream(name: MetricName<'AWS/Kinesis'>, feed: FeedName, shown: Shown) {
    return awsMetric('AWS/Kinesis', name, { StreamName: this.names.streams[feed] }, { label: feed, ...shown });
  }

  function(name: MetricName<'AWS/Lambda'>, functionName: string, shown: Shown) {
    const label = functionName.slice(`pinflow-${this.names.deployment}-`.length);
    return awsMetric('AWS/Lambda', name, { FunctionName: functionName }, { label, ...shown });
  }

  table(name: Exclude<MetricName<'AWS/DynamoDB'>, 'SystemErrors'>, table: Tables, shown: Shown) {
    const dimensions = { TableName: this.names[`${table}Table`] };
    return awsMetric('AWS/DynamoDB', name, dimensions, { label: `${table} ${name}`, ...shown });
  }

  operation(name: 'SystemErrors', table: Tables, Operation: string, shown: Shown) {
    const dimensions = { TableName: this.names[`${table}Table`], Operation };
    return awsMetric('AWS/DynamoDB', name, dimensions, { label: `${table} ${Operation}`, ...shown });
  }

  /** Functions that every row passes on its way, or every answer. */
  get functions(): readonly string[] {
    const { names, profile } = this;
    const always = [names.cleanFunction, names.aggregateFunction, names.queryFunction, names.observeFunction];
    const canary = canaryOf(profile) ? [names.canaryFunction] : [];
    return profile.batchPath
      ? [...always, ...canary, names.archiveFunction, names.kafkaRestFunction, names.refereeFunction]
      : [...always, ...canary];
  }

  /** Functions that read a stream, of Kinesis or of DynamoDB. */
  get streamReaders(): readonly string[] {
    const { names, profile } = this;
    return [names.cleanFunction, names.aggregateFunction, ...(profile.batchPath ? [names.archiveFunction] : [])];
  }

  eachFeed(make: (feed: FeedName) => IMetric): readonly IMetric[] {
    return feedNames.map(make);
  }
}

/**
 * Several metrics as one, by metric math.
 * @param combine an expression of the metrics' identifiers, which are given in their order
 * @throws TooManyMetricsError
 */
export function combined(
  label: string,
  metrics: readonly IMetric[],
  combine: (ids: readonly string[]) => string,
  period = 60,
): MathExpression {
  if (metrics.length > MOST_METRICS) {
    throw new TooManyMetricsError(
      `${label} reads ${metrics.length} metrics, more than the ${MOST_METRICS} there may be`,
    );
  }
  // A graph may have several of these: no two of its metrics may share an identifier.
  const prefix = label.replace(/[^a-zA-Z]+/g, '').toLowerCase();
  const usingMetrics = Object.fromEntries(metrics.map((metric, at) => [`${prefix}${at}`, metric]));
  return new MathExpression({
    expression: combine(Object.keys(usingMetrics)),
    usingMetrics,
    label,
    period: Duration.seconds(period),
  });
}

/** The greatest of several. A metric without data does not count. */
export const greatest = (label: string, metrics: readonly IMetric[], period?: number): MathExpression =>
  combined(label, metrics, (ids) => `MAX([${ids.join(', ')}])`, period);

/** The sum of several. A metric without data does not count. */
export const sum = (label: string, metrics: readonly IMetric[], period?: number): MathExpression =>
  combined(label, metrics, (ids) => `SUM([${ids.join(', ')}])`, period);
