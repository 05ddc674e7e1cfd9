import { CfnOutput, Fn, type Stack } from 'aws-cdk-lib/core';

/**
 * What IAM calls the parts of a cluster: `…:topic/{cluster name}/{cluster uuid}/{topic}`. Other stacks read the beginnings
 * from outputs of the broker's stack.
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html
 */
export class KafkaArns {
  readonly cluster: string;
  readonly #stack: Stack;

  constructor(stack: Stack, clusterArn: string) {
    this.#stack = stack;
    this.cluster = clusterArn;
    // The part of the ARN behind `:cluster/` names the cluster; before it stand partition, region and account.
    const [before, cluster] = [0, 1].map((part) => Fn.select(part, Fn.split(':cluster/', clusterArn)));
    for (const [kind, id] of Object.entries(OUTPUTS)) {
      new CfnOutput(stack, id, {
        value: `${before}:${kind}/${cluster}`,
        description: `What the ARN of each ${kind} begins with, for policies of clients`,
      });
    }
  }

  topic(name: string): string {
    return `${this.#beginning('topic')}/${name}`;
  }

  group(name: string): string {
    return `${this.#beginning('group')}/${name}`;
  }

  #beginning(kind: keyof typeof OUTPUTS): string {
    return Fn.getStackOutput(this.#stack.stackName, OUTPUTS[kind]);
  }
}

const OUTPUTS = { topic: 'TopicArns', group: 'GroupArns' } as const;
