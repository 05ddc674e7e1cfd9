import { RemovalPolicy, Stack, type StackProps, Tags, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { type Names, namesOf } from './names.ts';
import type { Profile } from './profiles/index.ts';

/** A deployment: where it runs and by which id. */
export interface Deployment {
  readonly profile: Profile;
  /** See {@link namesOf}. */
  readonly deployment: string;
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
    this.dataRemoval = this.twoKeyRemoval();
    Tags.of(this).add('project', 'pinflow');
    Tags.of(this).add('deployment', names.deployment);
    Tags.of(this).add('profile', props.profile.name);
  }

  /** Data is deleted with its stack only if the profile and the person who deploys both say so. */
  private twoKeyRemoval(): RemovalPolicy {
    if (this.profile.data === 'retain') return RemovalPolicy.RETAIN;
    if (String(this.node.tryGetContext('allowDataDeletion')) === 'true') return RemovalPolicy.DESTROY;
    Validations.of(this).addWarning(
      'pinflow:dataRetained',
      `Profile ${this.profile.name} lets data be deleted with its stack, but it is retained until -c allowDataDeletion=true says so too.`,
    );
    return RemovalPolicy.RETAIN;
  }
}
