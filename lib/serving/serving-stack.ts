import { CfnOutput } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { type Deployment, PinflowStack } from '../pinflow-stack.ts';
import { QueryFunction } from './query-function.ts';

/** What answers questions. Its routes are part of the API of the doors. */
export class ServingStack extends PinflowStack {
  readonly query: QueryFunction;

  constructor(scope: Construct, props: Deployment) {
    super(scope, 'serving', props, { description: 'Pinflow: answers, live and from the batch layer' });
    const { names, profile } = this;
    this.query = new QueryFunction(this, 'Query', { names, profile });
    new CfnOutput(this, 'QueryFunctionName', {
      value: names.queryFunction,
      description: 'Answers GET /metrics and GET /questions of the API',
    });
  }
}
