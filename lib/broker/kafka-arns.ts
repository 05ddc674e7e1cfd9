import { Fn } from 'aws-cdk-lib/core';

/**
 * What IAM calls the parts of a cluster: `…:topic/{cluster name}/{cluster uuid}/{topic}`.
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html
 */
export class KafkaArns {
  readonly cluster: string;

  constructor(clusterArn: string) {
    this.cluster = clusterArn;
  }

  topic(name: string): string {
    return this.#below('topic', name);
  }

  group(name: string): string {
    return this.#below('group', name);
  }

  /** The part of the ARN behind `:cluster/` names the cluster; before it stand partition, region and account. */
  #below(kind: string, name: string): string {
    const [before, cluster] = [0, 1].map((part) => Fn.select(part, Fn.split(':cluster/', this.cluster)));
    return `${before}:${kind}/${cluster}/${name}`;
  }
}
