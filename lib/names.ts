import { Aws } from 'aws-cdk-lib/core';
import type { FeedName } from '../model/rules/rule.ts';
import { ContextError } from './context-error.ts';

const DEPLOYMENT_ID = /^[a-z0-9]+(-[a-z0-9]+)*$/;
/** So that every bucket name, with an account and any region in it, keeps within the 63 characters of S3. */
const LONGEST_ID = 14;

export class DeploymentIdError extends ContextError {
  override readonly name = 'DeploymentIdError';

  constructor(id: unknown) {
    super(
      `Deployment id ${JSON.stringify(id)} cannot be part of a bucket name: use 1 to ${LONGEST_ID} lower-case letters and digits, ` +
        'in parts joined by single hyphens, such as -c deployment=demo',
    );
  }
}

/** Every physical name of a deployment. A name made elsewhere is a bug: two stacks would disagree about it. */
export interface Names {
  readonly deployment: string;
  readonly stacks: Readonly<
    Record<'network' | 'broker' | 'lake' | 'ingest' | 'sink' | 'speed' | 'batch' | 'serving' | 'monitoring', string>
  >;
  /** What the names of the deployment's streams begin with. */
  readonly streamPrefix: string;
  readonly streams: Readonly<Record<FeedName, string>>;
  readonly buckets: {
    readonly raw: string;
    readonly curated: string;
    readonly quarantine: string;
    readonly accessLogs: string;
  };
  readonly api: string;
  readonly postsTable: string;
  /** What the change stream of the posts adds up to. */
  readonly countersTable: string;
  readonly cleanFunction: string;
  readonly redriveFunction: string;
  readonly backfillFunction: string;
  readonly aggregateFunction: string;
  readonly topics: Readonly<Record<FeedName, string>>;
  /** Consumer groups of the clean function. An event source mapping reads one topic, and has a group of its own. */
  readonly cleanGroups: Readonly<Record<FeedName, string>>;
  readonly cluster: string;
  readonly kafkaRestFunction: string;
  readonly archiveFunction: string;
  readonly connector: string;
  readonly glueDatabase: string;
  readonly rawTable: string;
  /** One row a post. */
  readonly silverTables: Readonly<Record<FeedName, string>>;
  readonly workgroup: string;
  readonly cleanJob: string;
  readonly planFunction: string;
  readonly gateFunction: string;
  readonly serveFunction: string;
  readonly refereeFunction: string;
  readonly queryFunction: string;
  readonly batchMachine: string;
  /** Who runs the batch, and which run readers see. */
  readonly runsTable: string;
  readonly failureTopic: string;
  readonly schedule: string;
  readonly scheduleDeadLetters: string;
  readonly widgetFunction: string;
  readonly observeFunction: string;
  readonly canaryFunction: string;
  /** Of the functions that run again and again. */
  readonly schedules: Readonly<Record<'observe' | 'canary', string>>;
  /** A group of schedules in each stack that has some: metrics are told by the group. */
  readonly scheduleGroups: Readonly<Record<'batch' | 'monitoring', string>>;
  readonly dashboards: Readonly<Record<'business' | 'health' | 'cost', string>>;
  /** By severity. */
  readonly alarmTopics: Readonly<Record<'critical' | 'warning', string>>;
  readonly alarm: (runbook: string) => string;
  readonly budget: string;
  readonly logGroups: Readonly<
    Record<
      | 'apiAccess'
      | 'clean'
      | 'redrive'
      | 'backfill'
      | 'aggregate'
      | 'broker'
      | 'brokerLookup'
      | 'kafkaRest'
      | 'archive'
      | 'sink'
      | 'cleanJob'
      | 'plan'
      | 'gate'
      | 'serve'
      | 'referee'
      | 'query'
      | 'widget'
      | 'observe'
      | 'canary',
      string
    >
  >;
}

/** @throws DeploymentIdError */
export function namesOf(deployment: string): Names {
  if (typeof deployment !== 'string' || deployment.length > LONGEST_ID || !DEPLOYMENT_ID.test(deployment)) {
    throw new DeploymentIdError(deployment);
  }
  const own = `pinflow-${deployment}`;
  const streamPrefix = `streaming-${deployment}-`;
  // Bucket names are global: account and region keep two deployments of one id apart.
  const bucket = (purpose: string) => `${own}-${purpose}-${Aws.ACCOUNT_ID}-${Aws.REGION}`;
  return {
    deployment,
    stacks: {
      network: `${own}-network`,
      broker: `${own}-broker`,
      lake: `${own}-lake`,
      ingest: `${own}-ingest`,
      sink: `${own}-sink`,
      speed: `${own}-speed`,
      batch: `${own}-batch`,
      serving: `${own}-serving`,
      monitoring: `${own}-monitoring`,
    },
    streamPrefix,
    streams: { pin: `${streamPrefix}pin`, geo: `${streamPrefix}geo`, user: `${streamPrefix}user` },
    buckets: {
      raw: bucket('raw'),
      curated: bucket('curated'),
      quarantine: bucket('quarantine'),
      accessLogs: bucket('access-logs'),
    },
    api: own,
    postsTable: `${own}-posts`,
    countersTable: `${own}-counters`,
    cleanFunction: `${own}-clean`,
    redriveFunction: `${own}-redrive`,
    backfillFunction: `${own}-backfill`,
    aggregateFunction: `${own}-aggregate`,
    topics: { pin: `${deployment}.pin`, geo: `${deployment}.geo`, user: `${deployment}.user` },
    cleanGroups: { pin: `${own}-clean-pin`, geo: `${own}-clean-geo`, user: `${own}-clean-user` },
    cluster: own,
    kafkaRestFunction: `${own}-kafka-rest`,
    archiveFunction: `${own}-archive`,
    connector: `${own}-s3-sink`,
    glueDatabase: own.replaceAll('-', '_'),
    rawTable: 'raw',
    silverTables: { pin: 'silver_pin', geo: 'silver_geo', user: 'silver_user' },
    workgroup: own,
    cleanJob: `${own}-clean`,
    planFunction: `${own}-plan`,
    gateFunction: `${own}-gate`,
    serveFunction: `${own}-serve`,
    refereeFunction: `${own}-referee`,
    queryFunction: `${own}-query`,
    batchMachine: `${own}-batch`,
    runsTable: `${own}-runs`,
    failureTopic: `${own}-failures`,
    schedule: `${own}-daily`,
    scheduleDeadLetters: `${own}-daily-dead-letters`,
    widgetFunction: `${own}-widget`,
    observeFunction: `${own}-observe`,
    canaryFunction: `${own}-canary`,
    schedules: { observe: `${own}-observe`, canary: `${own}-canary` },
    scheduleGroups: { batch: `${own}-batch`, monitoring: `${own}-monitoring` },
    dashboards: { business: `${own}-business`, health: `${own}-health`, cost: `${own}-cost` },
    alarmTopics: { critical: `${own}-alarms-critical`, warning: `${own}-alarms-warning` },
    alarm: (runbook) => `${own}-${runbook}`,
    budget: own,
    logGroups: {
      apiAccess: `/pinflow/${deployment}/api-access`,
      clean: `/pinflow/${deployment}/clean`,
      redrive: `/pinflow/${deployment}/redrive`,
      backfill: `/pinflow/${deployment}/backfill`,
      aggregate: `/pinflow/${deployment}/aggregate`,
      broker: `/pinflow/${deployment}/broker`,
      brokerLookup: `/pinflow/${deployment}/broker-lookup`,
      kafkaRest: `/pinflow/${deployment}/kafka-rest`,
      archive: `/pinflow/${deployment}/archive`,
      sink: `/pinflow/${deployment}/sink`,
      cleanJob: `/pinflow/${deployment}/clean-job`,
      plan: `/pinflow/${deployment}/plan`,
      gate: `/pinflow/${deployment}/gate`,
      serve: `/pinflow/${deployment}/serve`,
      referee: `/pinflow/${deployment}/referee`,
      query: `/pinflow/${deployment}/query`,
      widget: `/pinflow/${deployment}/widget`,
      observe: `/pinflow/${deployment}/observe`,
      canary: `/pinflow/${deployment}/canary`,
    },
  };
}
