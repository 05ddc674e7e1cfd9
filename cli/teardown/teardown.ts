import type { Clients } from '../aws.ts';
import { type DeployedResource, type DeployedStack, deployedStacks } from './deployed-stacks.ts';
import { emptyBucket } from './empty-bucket.ts';

export class TeardownRefusedError extends Error {
  override readonly name = 'TeardownRefusedError';
}

export interface TeardownOptions {
  readonly clients: Pick<Clients, 'cloudformation' | 's3'>;
  readonly deployment: string;
  readonly deleteData: boolean;
  /** Nobody is asked before stacks are deleted; before data is, always. */
  readonly yes: boolean;
  /** `cdk destroy` of these stacks. @returns its exit code */
  readonly cdkDestroy: (stacks: readonly string[]) => Promise<number>;
  /** @returns what the person typed; empty when there is nobody */
  readonly ask: (question: string) => Promise<string>;
  readonly tell: (line: string) => void;
}

const CLUSTER = 'AWS::MSK::Cluster';

/** What two keys guard. The account's role for API Gateway's logs is kept too, and holds nothing. */
const DATA = new Set(['AWS::S3::Bucket', 'AWS::Kinesis::Stream', 'AWS::DynamoDB::Table', CLUSTER]);

/**
 * Deletes the stacks of a deployment, and with `deleteData` empties its buckets before, as CloudFormation deletes no bucket
 * with objects.
 * @returns the exit code
 * @throws TeardownRefusedError: what stands in the way, before anything is deleted
 */
export async function tearDown(options: TeardownOptions): Promise<number> {
  const { clients, deployment, deleteData, tell } = options;
  const all = await deployedStacks(clients.cloudformation, deployment);
  if (all.length === 0) {
    tell(`There is no stack of deployment ${deployment} in this account and region.`);
    return 0;
  }
  refuseProtected(all);
  const isKeptData = ({ type, isKept }: DeployedResource) => isKept && DATA.has(type);
  const keptData = all.flatMap(({ resources }) => resources.filter(isKeptData)).map(({ physicalId }) => physicalId);
  if (deleteData && keptData.length > 0) refuseKept(keptData);

  const needed = neededByCluster(all);
  if (needed.length > 0) {
    const names = needed.map(({ name }) => name).join(' and ');
    tell(`${names} stay, and go on to cost: the brokers are kept, and stand in this network with this configuration.`);
  }
  const stacks = all.filter((stack) => !needed.includes(stack));
  if (stacks.length === 0) return 0;
  const resources = stacks.flatMap((stack) => stack.resources);
  const kept = resources.filter(({ isKept }) => isKept);
  const buckets = resources.filter(({ type, isKept }) => type === 'AWS::S3::Bucket' && !isKept);
  tell(`Deletes the stacks ${stacks.map(({ name }) => name).join(', ')}.`);
  for (const { type, physicalId } of kept) tell(`  stays: ${type} ${physicalId}`);
  if (kept.length > 0) tell('What stays goes on to cost, and its names cannot be deployed again until it is gone.');
  if (!deleteData && buckets.length > 0) {
    tell('CloudFormation deletes a bucket only if it is empty: add --delete-data to have these emptied first:');
    for (const { physicalId } of buckets) tell(`  ${physicalId}`);
  }
  if (!(await isAgreed(options, buckets.length))) {
    tell('Nothing was deleted.');
    return 1;
  }

  if (!deleteData) return options.cdkDestroy(stacks.map(({ name }) => name));
  // Whatever writes to the buckets goes first.
  const holdsBucket = ({ resources }: DeployedStack) => resources.some(({ type }) => type === 'AWS::S3::Bucket');
  for (const group of [stacks.filter((stack) => !holdsBucket(stack)), stacks.filter(holdsBucket)]) {
    if (group.length === 0) continue;
    // The one that the others log to is the last to be quiet.
    const logsLast = bucketsOf(group).sort(
      (a, b) => Number(a.includes('-access-logs-')) - Number(b.includes('-access-logs-')),
    );
    for (const bucket of logsLast) {
      const deleted = await emptyBucket(clients.s3, bucket, (sofar) => tell(`  ${bucket}: ${sofar} deleted`));
      tell(`Emptied ${bucket}: ${deleted} objects, versions and markers.`);
    }
    const code = await options.cdkDestroy(group.map(({ name }) => name));
    if (code !== 0) return code;
  }
  return 0;
}

/** What cannot be deleted while a cluster lives: the stack of its configuration, and that of its subnets. */
function neededByCluster(stacks: readonly DeployedStack[]): DeployedStack[] {
  const keepsCluster = ({ resources }: DeployedStack) =>
    resources.some(({ type, isKept }) => type === CLUSTER && isKept);
  if (!stacks.some(keepsCluster)) return [];
  return stacks.filter((stack) => keepsCluster(stack) || stack.resources.some(({ type }) => type === 'AWS::EC2::VPC'));
}

const bucketsOf = (stacks: readonly DeployedStack[]): string[] =>
  stacks
    .flatMap(({ resources }) => resources)
    .filter(({ type }) => type === 'AWS::S3::Bucket')
    .map(({ physicalId }) => physicalId);

function refuseProtected(stacks: readonly DeployedStack[]): void {
  const [name] = stacks.filter(({ isProtected }) => isProtected).map((stack) => stack.name);
  if (name === undefined) return;
  throw new TeardownRefusedError(
    `${name} has termination protection, as its profile says. Lift it first: aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name ${name}`,
  );
}

function refuseKept(names: readonly string[]): never {
  throw new TeardownRefusedError(
    `--delete-data: the deployed templates keep ${names.join(', ')}. Data is deleted only if the profile and the person who deploys both say so: ` +
      'deploy with -c allowDataDeletion=true (and a profile whose data is "destroy"), then destroy again.',
  );
}

async function isAgreed({ deleteData, yes, ask, deployment }: TeardownOptions, buckets: number): Promise<boolean> {
  if (deleteData) {
    const typed = await ask(
      `This deletes ${buckets} buckets with all versions, the streams and the posts. Type the deployment id (${deployment}) to go on: `,
    );
    return typed.trim() === deployment;
  }
  return yes || /^y(es)?$/i.test((await ask('Delete these stacks? [y/N] ')).trim());
}
