import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { type AWS_METRICS, awsMetric, type Shown } from './aws-metrics.ts';
import { combined, greatest, sum } from './sources.ts';

type KafkaMetric = keyof (typeof AWS_METRICS)['AWS/Kafka'];
type BrokerMetric = Exclude<
  KafkaMetric,
  'ActiveControllerCount' | 'OfflinePartitionsCount' | 'BytesInPerSec' | 'EstimatedMaxTimeLag'
>;

/** Metrics of an MSK cluster. Its brokers are numbered from 1; what is asked of it is the worst of them, never their average. */
export class MskClusterMetrics {
  readonly #cluster: string;
  readonly #brokers: readonly string[];

  constructor(cluster: string, brokers: number) {
    this.#cluster = cluster;
    this.#brokers = Array.from({ length: brokers }, (_, at) => String(at + 1));
  }

  cluster(name: 'ActiveControllerCount' | 'OfflinePartitionsCount', shown: Shown): IMetric {
    return awsMetric('AWS/Kafka', name, { 'Cluster Name': this.#cluster }, shown);
  }

  brokers(name: BrokerMetric, shown: Shown): readonly IMetric[] {
    return this.#brokers.map((id) =>
      awsMetric(
        'AWS/Kafka',
        name,
        { 'Cluster Name': this.#cluster, 'Broker ID': id },
        { label: `broker ${id}`, ...shown },
      ),
    );
  }

  worstBroker(name: BrokerMetric, period?: number): IMetric {
    return greatest(name, this.brokers(name, maximum(period)), period);
  }

  /** Percent, of user and system together. */
  worstCpu(period?: number): IMetric {
    const both = [...this.brokers('CpuUser', maximum(period)), ...this.brokers('CpuSystem', maximum(period))];
    const { length } = this.#brokers;
    const pairs = (ids: readonly string[]) => ids.slice(0, length).map((id, at) => `${id} + ${ids[at + length]}`);
    return combined('CPU', both, (ids) => `MAX([${pairs(ids).join(', ')}])`, period);
  }

  /** Bytes a second into a topic, over all brokers. */
  bytesIn(topic: string, label: string, period?: number): IMetric {
    const of = (id: string) => ({ 'Cluster Name': this.#cluster, 'Broker ID': id, Topic: topic });
    const each = this.#brokers.map((id) =>
      awsMetric('AWS/Kafka', 'BytesInPerSec', of(id), { statistic: 'Average', ...(period && { period }) }),
    );
    return sum(label, each, period);
  }

  /** Seconds by which a consumer group is behind. */
  lag(group: string, topic: string, shown: Shown): IMetric {
    const dimensions = { 'Cluster Name': this.#cluster, 'Consumer Group': group, Topic: topic };
    return awsMetric('AWS/Kafka', 'EstimatedMaxTimeLag', dimensions, shown);
  }
}

/** Metrics of a connector of MSK Connect. */
export class MskConnectMetrics {
  readonly #connector: string;

  constructor(connector: string) {
    this.#connector = connector;
  }

  /** The consumer group in which a sink connector reads. @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-connect-manage-connector-offsets.html */
  get group(): string {
    return `connect-${this.#connector}`;
  }

  metric(name: keyof (typeof AWS_METRICS)['AWS/KafkaConnect'], shown: Shown): IMetric {
    return awsMetric('AWS/KafkaConnect', name, { ConnectorName: this.#connector }, shown);
  }
}

const maximum = (period?: number): Shown => ({ statistic: 'Maximum', ...(period && { period }) });
