import { Aws } from 'aws-cdk-lib/core';
import type { FeedName } from '../model/rules/rule.ts';

const DEPLOYMENT_ID = /^[a-z0-9]+(-[a-z0-9]+)*$/;
/** So that every bucket name, with an account and any region in it, keeps within the 63 characters of S3. */
const LONGEST_ID = 14;

export class DeploymentIdError extends Error {
  constructor(id: unknown) {
    super(
      `Deployment id ${JSON.stringify(id)} cannot be part of a bucket name: use 1 to ${LONGEST_ID} lower-case letters and digits, ` +
        'in parts joined by single hyphens, such as -c deployment=demo',
    );
    this.name = 'DeploymentIdError';
  }
}

/** Every physical name of a deployment. A name made elsewhere is a bug: two stacks would disagree about it. */
export interface Names {
  readonly deployment: string;
  readonly stacks: { readonly lake: string; readonly ingest: string; readonly speed: string };
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
  readonly cleanFunction: string;
  readonly redriveFunction: string;
  readonly logGroups: { readonly apiAccess: string; readonly clean: string; readonly redrive: string };
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
    stacks: { lake: `${own}-lake`, ingest: `${own}-ingest`, speed: `${own}-speed` },
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
    cleanFunction: `${own}-clean`,
    redriveFunction: `${own}-redrive`,
    logGroups: {
      apiAccess: `/pinflow/${deployment}/api-access`,
      clean: `/pinflow/${deployment}/clean`,
      redrive: `/pinflow/${deployment}/redrive`,
    },
  };
}
