import type { Construct } from 'constructs';
import type { Names } from '../names.ts';
import { NodeFunction } from '../node-function.ts';
import type { Profile } from '../profiles/index.ts';
import { answerAccess } from '../serving/answer-access.ts';

/** Draws metrics and answers for dashboards. CloudWatch invokes it as the person who looks. */
export class WidgetFunction extends NodeFunction {
  constructor(scope: Construct, id: string, { names, profile }: { readonly names: Names; readonly profile: Profile }) {
    const access = answerAccess(scope, names, profile);
    super(scope, id, {
      handler: 'monitoring/widget',
      functionName: names.widgetFunction,
      logGroupName: names.logGroups.widget,
      logRetention: profile.logRetention,
      description: 'Draws metrics and answers for dashboards',
      roleDescription: 'The widget function: reads counters and what runs leave of their answers',
      policyName: 'Widget',
      statements: access.statements,
      memoryMiB: 512,
      timeoutSeconds: 28,
      environment: access.environment,
    });
    access.acknowledge(this.role);
  }
}
