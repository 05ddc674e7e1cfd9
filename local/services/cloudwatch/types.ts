/** Dimension name -> value. Metrics are told apart by all of them: nothing is summed over dimensions. */
export type Dimensions = Readonly<Record<string, string>>;

export interface MetricName {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Dimensions;
}

/** What is measured at one time, or a few values of it at once. */
export interface Observation extends MetricName {
  readonly value: number | readonly number[];
  /** Such as `Count` or `Milliseconds`. @default - None */
  readonly unit?: string;
  /** Milliseconds. @default - now */
  readonly time?: number;
}

/** Where services tell what they measure. It costs no I/O, and never throws. */
export interface MetricSink {
  put(observation: Observation): void;
}

/** Sum, Average, Minimum, Maximum, SampleCount, or a percentile such as `p90` or `p99.9`. */
export type Statistic = string;

export interface MetricStat extends MetricName {
  /** 10, 20, 30, or a multiple of 60. */
  readonly periodSeconds: number;
  readonly statistic: Statistic;
  /** Only what was put with it. @default - any */
  readonly unit?: string;
}

/** One entry of `MetricDataQueries`: of a metric, or of an expression over the other entries. */
export interface MetricDataQuery {
  /** Begins with a lower-case letter. */
  readonly id: string;
  readonly label?: string;
  readonly stat?: MetricStat;
  /** Metric math, such as `100 * errors / FILL(all, 1)`. */
  readonly expression?: string;
  /** Of an expression. @default - the longest of the metrics it uses */
  readonly periodSeconds?: number;
  /** @default true */
  readonly returnData?: boolean;
}

export interface MetricDataRequest {
  readonly queries: readonly MetricDataQuery[];
  /** Inclusive, milliseconds. */
  readonly from: number;
  /** Exclusive, milliseconds. */
  readonly to: number;
}

/** The oldest first. Times in milliseconds, each the start of its period. */
export interface Series {
  readonly id: string;
  readonly label: string;
  readonly periodSeconds: number;
  readonly timestamps: readonly number[];
  readonly values: readonly number[];
}

export type AlarmStateValue = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
export type MissingData = 'missing' | 'ignore' | 'breaching' | 'notBreaching';

interface CommonAlarm {
  readonly name: string;
  readonly arn: string;
  readonly description?: string;
  readonly actionsEnabled: boolean;
  /** ARNs of topics. */
  readonly alarmActions: readonly string[];
  readonly okActions: readonly string[];
  readonly insufficientDataActions: readonly string[];
}

export interface MetricAlarm extends CommonAlarm {
  readonly kind: 'metric';
  /** One of them returns data: that is what the threshold is compared with. */
  readonly metrics: readonly MetricDataQuery[];
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly threshold: number;
  /** Such as `GreaterThanThreshold`. */
  readonly comparison: string;
  readonly missingData: MissingData;
}

export interface CompositeAlarm extends CommonAlarm {
  readonly kind: 'composite';
  /** Such as `ALARM("a") AND NOT OK("b")`. */
  readonly rule: string;
}

export type AlarmDefinition = MetricAlarm | CompositeAlarm;

/** Where an alarm stands. Times in milliseconds. */
export interface AlarmState {
  readonly value: AlarmStateValue;
  readonly reason: string;
  /** What was seen, a JSON object. */
  readonly reasonData: Readonly<Record<string, unknown>>;
  /** When the reason was last written. */
  readonly updated: number;
  /** When the value was last changed. */
  readonly transitioned: number;
}

export type Alarm = AlarmDefinition & { readonly state: AlarmState };

/** An alarm that went from one state into another. */
export interface AlarmTransition {
  readonly alarm: Alarm;
  readonly from: AlarmState;
  readonly to: AlarmState;
}

export type AlarmHistoryType = 'ConfigurationUpdate' | 'StateUpdate' | 'Action';

export interface AlarmHistoryItem {
  readonly alarm: string;
  readonly kind: AlarmDefinition['kind'];
  /** Milliseconds. */
  readonly time: number;
  readonly type: AlarmHistoryType;
  /** Such as `Alarm updated from OK to ALARM`. */
  readonly summary: string;
  /** JSON. */
  readonly data: string;
}

export interface Dashboard {
  readonly name: string;
  readonly arn: string;
  /** JSON: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
  readonly body: string;
  /** Milliseconds. */
  readonly modified: number;
}

/** What the console and other parts of this process use, without the wire. */
export interface CloudWatch extends MetricSink {
  /** Series of the queries that return data, in their order. @throws ServiceError when an expression is not valid */
  metricData(request: MetricDataRequest): Series[];
  /** Every metric that has data, of a namespace if given. */
  metrics(namespace?: string): MetricName[];
  /** By name. */
  alarms(): Alarm[];
  /** The newest first. */
  alarmHistory(name?: string, limit?: number): AlarmHistoryItem[];
  /** By name. */
  dashboards(): Dashboard[];
  dashboard(name: string): Dashboard | undefined;
  /** Calls `listener` at each change of state, until the returned function is called. */
  onAlarm(listener: (transition: AlarmTransition) => void): () => void;
}
