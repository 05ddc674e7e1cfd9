import {
  App,
  type AppProps,
  DefaultStackSynthesizer,
  type IReusableStackSynthesizer,
  Validations,
} from 'aws-cdk-lib/core';
import featureFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { AwsSolutionsChecks } from 'cdk-nag';
import { IngestStack } from './ingest/ingest-stack.ts';
import { LakeStack } from './lake/lake-stack.ts';
import { type Deployment, warnOfRetainedData } from './pinflow-stack.ts';
import { SpeedStack } from './speed/speed-stack.ts';

/** An app with CDK's recommended behaviour, however it is started: through the CLI, by `node bin/pinflow.ts` or in a test. */
export function newApp(props: AppProps = {}): App {
  return new App({
    analyticsReporting: false,
    defaultStackSynthesizer: new DefaultStackSynthesizer({
      generateBootstrapVersionRule: false,
    }) as IReusableStackSynthesizer,
    ...props,
    context: { ...featureFlags, ...props.context },
  });
}

export interface PinflowStacks {
  readonly lake: LakeStack;
  readonly ingest: IngestStack;
  readonly speed: SpeedStack;
}

/**
 * Adds the stacks of a deployment and the checks they must pass.
 * Stacks know each other by name only, so that none of them locks the update of another.
 * @throws DeploymentIdError
 */
export function buildApp(app: App, deployment: Deployment): PinflowStacks {
  const lake = new LakeStack(app, deployment);
  const ingest = new IngestStack(app, deployment);
  const speed = new SpeedStack(app, deployment);
  speed.addStackDependency(lake, 'the clean function writes to the quarantine bucket');
  speed.addStackDependency(ingest, 'the event source mappings read the streams');
  warnOfRetainedData(lake, deployment.profile);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { lake, ingest, speed };
}
