import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { BatchPathProfile } from './batch-path.ts';
import type { MonitoringProfile } from './monitoring.ts';

/** What differs between the places a deployment runs in. One object each; stacks read nothing else. */
export interface Profile extends BatchPathProfile {
  readonly name: string;
  readonly streams: { readonly mode: 'on-demand' } | { readonly mode: 'provisioned'; readonly shards: number };
  readonly api: ApiProfile;
  readonly clean: CleanProfile;
  readonly aggregate: AggregateProfile;
  /** Whether there are the topics door, the broker and the batch layer. The broker is most of what an idle deployment costs. */
  readonly batchPath: boolean;
  /** With the batch path: whether topics feed the speed layer too, which on AWS takes two interface endpoints. */
  readonly topicsFeedSpeed: boolean;
  /** With monitoring: whether the deployment sends itself a post now and then, to see it arrive. */
  readonly canary: boolean;
  /** @default - neither dashboards nor alarms */
  readonly monitoring?: MonitoringProfile;
  readonly logRetention: RetentionDays;
  /**
   * What becomes of buckets, streams and tables when their stack is deleted. `destroy` is one of two keys:
   * the other is the context flag `allowDataDeletion=true`.
   */
  readonly data: 'destroy' | 'retain';
  readonly pointInTimeRecovery: boolean;
  readonly terminationProtection: boolean;
}

/**
 * Who may call the API: anyone who has its URL, whoever has an API key too, or callers whose IAM policy allows
 * `execute-api:Invoke`. Preflight requests are answered to anyone.
 */
export const AUTHS = ['none', 'api-key', 'iam'] as const;
export type Auth = (typeof AUTHS)[number];

export interface ApiProfile {
  /** Of each write method. The public clients do not retry, so a limit that is met loses their rows. */
  readonly throttle: { readonly requestsPerSecond: number; readonly burst: number };
  readonly auth: Auth;
  /** Of an API key, where `auth` is `api-key`. A day begins at midnight UTC. */
  readonly usagePlan: { readonly requestsPerSecond: number; readonly burst: number; readonly requestsPerDay: number };
  /**
   * Lets callers create and delete streams whose names begin so; those of the deployment's own are excepted.
   * Give it a beginning that no other stream of the account and region has: whoever may call the API may delete them.
   * @default - they may not
   */
  readonly clientStreams?: { readonly namePrefix: string };
  /**
   * Whether this deployment sets the role with which API Gateway writes logs. There is one for an account and region:
   * exactly one deployment should own it, and without it a stage with logging cannot be created.
   */
  readonly ownsAccountRole: boolean;
}

/** The aggregate function and its event source mapping. The more changes a batch has, the fewer writes to counters each takes. */
export interface AggregateProfile {
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  readonly batchSize: number;
  readonly batchingWindowSeconds: number;
}

/** The clean function and its event source mappings. */
export interface CleanProfile {
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  readonly batchSize: number;
  readonly batchingWindowSeconds: number;
  readonly retries: number;
  /** Records older than this go to the on-failure destination instead of the function. At least 60. */
  readonly maxRecordAgeSeconds: number;
  readonly bisectOnError: boolean;
}
