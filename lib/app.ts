import {
  App,
  type AppProps,
  DefaultStackSynthesizer,
  type IReusableStackSynthesizer,
  Validations,
} from 'aws-cdk-lib/core';
import featureFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { AwsSolutionsChecks } from 'cdk-nag';
import { BatchStack } from './batch/batch-stack.ts';
import { BrokerStack, type KafkaStacks } from './broker/broker-stack.ts';
import { IngestStack } from './ingest/ingest-stack.ts';
import { LakeStack } from './lake/lake-stack.ts';
import { MonitoringStack } from './monitoring/monitoring-stack.ts';
import { NetworkStack } from './network/network-stack.ts';
import { type Deployment, warnOfRetainedData } from './pinflow-stack.ts';
import { ServingStack } from './serving/serving-stack.ts';
import { SinkStack } from './sink/sink-stack.ts';
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
  readonly serving: ServingStack;
  /** Undefined without the batch path. */
  readonly batchPath: BatchPathStacks | undefined;
  /** Undefined where the profile has none. */
  readonly monitoring: MonitoringStack | undefined;
}

export interface BatchPathStacks extends KafkaStacks {
  readonly sink: SinkStack;
  readonly batch: BatchStack;
}

/**
 * Adds the stacks of a deployment and the checks they must pass.
 * Stacks know each other by name; what AWS names, such as a subnet, is a weak reference. So none locks the update of another.
 * @throws DeploymentIdError, PluginError
 */
export function buildApp(app: App, deployment: Deployment): PinflowStacks {
  const lake = new LakeStack(app, deployment);
  const kafka = deployment.profile.batchPath ? kafkaStacks(app, deployment) : undefined;
  const serving = new ServingStack(app, deployment);
  const ingest = new IngestStack(app, { ...deployment, ...(kafka && { kafka }) });
  ingest.addStackDependency(serving, 'routes of the API invoke the query function');
  const speed = new SpeedStack(app, { ...deployment, ...(kafka && { kafka }) });
  speed.addStackDependency(lake, 'the clean function writes to the quarantine bucket');
  speed.addStackDependency(ingest, 'the event source mappings read the streams');
  const batchPath = kafka && { ...kafka, ...batchStacks(app, deployment, kafka, lake) };
  const { monitoring: settings } = deployment.profile;
  const monitoring = settings && new MonitoringStack(app, { ...deployment, settings, ingest });
  monitoring?.addStackDependency(speed, 'the widgets and the canary read its tables');
  warnOfRetainedData(lake, deployment.profile);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { lake, ingest, speed, serving, batchPath, monitoring };
}

function kafkaStacks(app: App, deployment: Deployment): KafkaStacks {
  const network = new NetworkStack(app, deployment);
  return { network, broker: new BrokerStack(app, { ...deployment, network }) };
}

function batchStacks(app: App, deployment: Deployment, kafka: KafkaStacks, lake: LakeStack) {
  const sink = new SinkStack(app, { ...deployment, ...kafka });
  sink.addStackDependency(lake, 'the connector writes to the raw bucket');
  const batch = new BatchStack(app, deployment);
  batch.addStackDependency(lake, 'runs use its buckets, database and workgroup');
  return { sink, batch };
}
