import { Topic } from 'aws-cdk-lib/aws-sns';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { CfnOutput, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { allow, bucketArn, nagged } from '../allow.ts';
import { STREAM_HOURS } from '../ingest/feed-streams.ts';
import { NodeFunction } from '../node-function.ts';
import { type Deployment, PinflowStack } from '../pinflow-stack.ts';
import { CleanJob } from './clean-job.ts';
import { DailySchedule } from './daily-schedule.ts';
import { MachineRole } from './machine-role.ts';
import { RefereeFunction } from './referee-function.ts';
import { runDefinition, runSeconds } from './run-definition.ts';
import { RunsTable } from './runs-table.ts';
import { ServeFunction } from './serve-function.ts';

/** Of so many published runs the answers are kept: a month of daily ones. */
const KEPT_RUNS = 30;

/** Raw to silver to gold, every day and on demand. */
export class BatchStack extends PinflowStack {
  readonly runs: RunsTable;
  readonly cleanJob: CleanJob;
  readonly machine: CfnStateMachine;
  readonly failures: Topic;

  constructor(scope: Construct, props: Deployment) {
    super(scope, 'batch', props, { description: 'Pinflow: the clean job and the runs of the batch layer' });
    const { names, profile } = this;
    this.runs = new RunsTable(this, 'Runs', names, profile, this.dataRemoval);
    this.cleanJob = new CleanJob(this, 'CleanJob', { names, profile });
    this.failures = new Topic(this, 'Failures', {
      topicName: names.failureTopic,
      displayName: `Pinflow ${names.deployment}`,
      enforceSSL: true,
    });
    const plan = this.planFunction();
    const gate = this.gateFunction();
    const serve = new ServeFunction(this, 'Serve', { names, profile });
    const referee = new RefereeFunction(this, 'Referee', { names, profile });
    const { role } = new MachineRole(this, 'MachineRole', {
      names,
      functionArns: [plan, gate, serve, referee].map((each) => each.function.functionArn),
      runsTableArn: this.runs.tableArn,
      failureTopicArn: this.failures.topicArn,
    });
    this.machine = new CfnStateMachine(this, 'Machine', {
      stateMachineName: names.batchMachine,
      stateMachineType: 'STANDARD',
      roleArn: role.roleArn,
      definitionString: this.toJsonString(
        runDefinition({
          names,
          batch: profile.batch,
          planFunctionArn: plan.function.functionArn,
          gateFunctionArn: gate.function.functionArn,
          serveFunctionArn: serve.function.functionArn,
          refereeFunctionArn: referee.function.functionArn,
          failureTopicArn: this.failures.topicArn,
        }),
      ),
    });
    Validations.of(this.machine).acknowledge(
      {
        id: 'AwsSolutions-SF1',
        reason:
          'Standard executions keep each step with its input and output for 90 days; a copy would cost wildcards.',
      },
      { id: 'AwsSolutions-SF2', reason: 'A trace would end at Glue and Athena, where all the time is spent.' },
    );
    if (profile.batch.daily) {
      new DailySchedule(this, 'Daily', { names, machineArn: this.machine.attrArn, daily: profile.batch.daily });
    }
    this.outputs();
  }

  /** Dates, watermark and lease of a run. It calls no service. */
  private planFunction(): NodeFunction {
    const { names, profile } = this;
    const { batch } = profile;
    return new NodeFunction(this, 'Plan', {
      handler: 'batch/plan',
      functionName: names.planFunction,
      logGroupName: names.logGroups.plan,
      logRetention: profile.logRetention,
      description: 'Plans a run of the batch layer: its dates and its watermark',
      roleDescription: 'The plan function: nothing but its logs',
      policyName: 'Plan',
      statements: [],
      memoryMiB: 128,
      timeoutSeconds: 10,
      environment: {
        FLUSH_SECONDS: String(this.flushSeconds()),
        GRACE_SECONDS: String(batch.graceSeconds),
        FIRST_RUN_DAYS: String(batch.firstRunDays),
        LATEST_HOURS: String(this.latestHours()),
        KEPT_RUNS: String(KEPT_RUNS),
        LEASE_SECONDS: String(runSeconds(batch) + 300),
      },
    });
  }

  /** Within which a record that landed is in raw. */
  private flushSeconds(): number {
    const { sink, archive } = this.profile;
    return Math.max(sink.flush.seconds, archive.batchingWindowSeconds);
  }

  /** How late a record can land: for so long its stream or topic keeps it while nobody takes it. */
  private latestHours(): number {
    return Math.max(STREAM_HOURS, this.profile.topics.retentionHours);
  }

  /** Reads what the job says of its run. */
  private gateFunction(): NodeFunction {
    const { names, profile } = this;
    const summaries = bucketArn(names.buckets.curated, 'runs/*');
    const gate = new NodeFunction(this, 'Gate', {
      handler: 'batch/gate',
      functionName: names.gateFunction,
      logGroupName: names.logGroups.gate,
      logRetention: profile.logRetention,
      description: 'Decides whether what the clean job did may be shown to readers',
      roleDescription: 'The gate function: reads the summaries of runs',
      policyName: 'Gate',
      statements: [
        allow(['s3:GetObject'], summaries),
        // Without it, a summary that is not there would be a refusal.
        allow(['s3:ListBucket'], bucketArn(names.buckets.curated)),
      ],
      memoryMiB: 128,
      timeoutSeconds: 30,
      environment: {
        CURATED_BUCKET: names.buckets.curated,
        MAX_QUARANTINED_SHARE: String(profile.batch.maxQuarantinedShare),
      },
    });
    Validations.of(gate.role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${nagged(summaries)}]`,
      reason: 'One summary a run, under the id of the run.',
    });
    return gate;
  }

  private outputs(): void {
    const { names, profile } = this;
    new CfnOutput(this, 'BatchMachineArn', {
      value: this.machine.attrArn,
      description:
        'Start it with {} for what arrived since the last run, or {"from","to"} for those arrival dates again',
    });
    new CfnOutput(this, 'SettlingSeconds', {
      value: String(this.flushSeconds() + profile.batch.graceSeconds),
      description: 'A run leaves what arrived within so long before it to the next one',
    });
    new CfnOutput(this, 'RunsTable', { value: names.runsTable, description: 'Which run readers see, and who runs' });
    new CfnOutput(this, 'CleanJobName', { value: names.cleanJob, description: 'The Glue job of a run' });
    new CfnOutput(this, 'RefereeFunctionName', {
      value: names.refereeFunction,
      description: 'Compares the layers: {} for a sample, or {"sample": {"of": 1, "part": 0}} for all',
    });
    new CfnOutput(this, 'FailureTopicArn', {
      value: this.failures.topicArn,
      description: 'Subscribe to it to hear of runs that failed',
    });
  }
}
