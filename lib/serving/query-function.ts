import type { Construct } from 'constructs';
import type { Names } from '../names.ts';
import { NodeFunction } from '../node-function.ts';
import type { Profile } from '../profiles/index.ts';
import { answerAccess } from './answer-access.ts';

export interface QueryFunctionProps {
  readonly names: Names;
  readonly profile: Profile;
}

/** Reads the counters, and what the last run left of its answers. It writes nothing and asks no query engine. */
export class QueryFunction extends NodeFunction {
  constructor(scope: Construct, id: string, { names, profile }: QueryFunctionProps) {
    const access = answerAccess(scope, names, profile);
    super(scope, id, {
      handler: 'serving/query',
      functionName: names.queryFunction,
      logGroupName: names.logGroups.query,
      logRetention: profile.logRetention,
      description: 'Metrics and answers to questions, live and from the batch layer',
      roleDescription: 'The query function: reads counters and what runs leave of their answers',
      policyName: 'Query',
      statements: access.statements,
      // A live answer of the largest read budget is some 10 MB of items.
      memoryMiB: 512,
      // API Gateway waits 29 s.
      timeoutSeconds: 28,
      environment: access.environment,
    });
    access.acknowledge(this.role);
  }
}
