import { RemovalPolicy, Stack, type StackProps, Tags, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { ContextError } from './context-error.ts';
import { type Names, namesOf } from './names.ts';
import type { Profile } from './profiles/index.ts';

/** A deployment: where it runs and by which id. */
export interface Deployment {
  readonly profile: Profile;
  /** See {@link namesOf}. */
  readonly deployment: string;
  /** ZIP of the connector. @default - where set-up builds it */
  readonly sinkPlugin?: string;
}

/** What every stack of a deployment has in common. Its template names no account and no region. */
export abstract class PinflowStack extends Stack {
  protected readonly profile: Profile;
  protected readonly names: Names;
  /** For whatever holds data that cannot be computed again from elsewhere in this stack. */
  protected readonly dataRemoval: RemovalPolicy;

  constructor(scope: Construct, capability: keyof Names['stacks'], props: Deployment, stackProps: StackProps) {
    const names = namesOf(props.deployment);
    super(scope, names.stacks[capability], {
      ...stackProps,
      terminationProtection: props.profile.terminationProtection,
    });
    this.profile = props.profile;
    this.names = names;
    // What a creation made that failed holds nothing yet, and would stand in the way of the next one.
    this.dataRemoval = mayDeleteData(this, props.profile)
      ? RemovalPolicy.DESTROY
      : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
    Tags.of(this).add('project', 'pinflow');
    Tags.of(this).add('deployment', names.deployment);
    Tags.of(this).add('profile', props.profile.name);
  }
}

/** Data is deleted with its stack only if the profile and, by a context flag, the person who deploys both say so. @throws ContextError */
function mayDeleteData(scope: Construct, profile: Profile): boolean {
  const flag = String(scope.node.tryGetContext('allowDataDeletion') ?? false);
  if (flag !== 'true' && flag !== 'false') {
    throw new ContextError(`There is no ${JSON.stringify(flag)} for allowDataDeletion: use -c allowDataDeletion=true`);
  }
  return profile.data === 'destroy' && flag === 'true';
}

/** Says that data is kept against the profile, which stands in the way of deploying the same names again. */
export function warnOfRetainedData(scope: Construct, profile: Profile): void {
  if (profile.data === 'retain' || mayDeleteData(scope, profile)) return;
  Validations.of(scope).addWarning(
    'pinflow:dataRetained',
    `Profile ${profile.name} lets data be deleted with its stack, but data is retained until -c allowDataDeletion=true says so too.`,
  );
}
