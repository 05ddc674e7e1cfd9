import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { FeedName } from '../../model/rules/rule.ts';
import type { Clients } from '../aws.ts';

/** The names that the outputs of a deployment's stacks give. */
export interface DeployedNames {
  readonly streams: Readonly<Record<FeedName, string>>;
  readonly postsTable: string;
  readonly countersTable: string;
  readonly quarantineBucket: string;
  readonly cleanFunction: string;
  readonly redriveFunction: string;
  /** Of the topics that feed the speed layer; undefined where only streams do. */
  readonly speedTopics?: Readonly<Record<FeedName, string>>;
  /** Undefined without the batch path. */
  readonly batch?: BatchNames;
  /** Undefined where nothing is monitored. */
  readonly dashboards?: readonly string[];
}

export interface BatchNames {
  readonly topics: Readonly<Record<FeedName, string>>;
  readonly rawBucket: string;
  readonly workgroup: string;
  readonly database: string;
  readonly machineArn: string;
  readonly runsTable: string;
  readonly refereeFunction: string;
  readonly backfillFunction: string;
  /** For how long a record may be on its way to raw before a run takes it for late. */
  readonly settlingSeconds: number;
}

export class NotDeployedError extends Error {
  override readonly name = 'NotDeployedError';
}

/** The deployment that a stack belongs to; undefined: it is none of this app. */
export const deploymentOf = (stack = ''): string | undefined => /^pinflow-(.+)-[a-z]+$/.exec(stack)?.[1];

/** @throws NotDeployedError when no stack of the deployment gives a name that is needed. */
export async function deployedNames({ cloudformation }: Clients, deployment: string): Promise<DeployedNames> {
  const outputs = new Map<string, string>();
  const ids = new Set<string>();
  let NextToken: string | undefined;
  do {
    const page = await cloudformation.send(new DescribeStacksCommand({ ...(NextToken && { NextToken }) }));
    for (const stack of page.Stacks ?? []) {
      const id = deploymentOf(stack.StackName);
      if (id !== undefined) ids.add(id);
      if (id !== deployment) continue;
      for (const { OutputKey, OutputValue } of stack.Outputs ?? []) outputs.set(OutputKey ?? '', OutputValue ?? '');
    }
    NextToken = page.NextToken;
  } while (NextToken);
  const output = (name: string): string => {
    const value = outputs.get(name);
    if (value !== undefined) return value;
    throw new NotDeployedError(missingText(name, deployment, [...ids].sort()));
  };
  // Of `https://…#dashboards/dashboard/<name>`.
  const dashboards = [...outputs].flatMap(([key, url]) =>
    key.endsWith('DashboardUrl') ? url.split('/').slice(-1) : [],
  );
  return {
    streams: byFeed(output('StreamNames')),
    postsTable: output('PostsTable'),
    countersTable: output('CountersTable'),
    quarantineBucket: output('QuarantineBucket'),
    cleanFunction: output('CleanFunctionName'),
    redriveFunction: output('RedriveFunctionName'),
    ...(outputs.has('SpeedTopicNames') && { speedTopics: byFeed(output('SpeedTopicNames')) }),
    ...(outputs.has('BatchMachineArn') && {
      batch: {
        topics: byFeed(output('TopicNames')),
        rawBucket: output('RawBucket'),
        workgroup: output('AthenaWorkgroup'),
        database: output('GlueDatabase'),
        machineArn: output('BatchMachineArn'),
        runsTable: output('RunsTable'),
        refereeFunction: output('RefereeFunctionName'),
        backfillFunction: output('BackfillFunctionName'),
        settlingSeconds: Number(output('SettlingSeconds')),
      },
    }),
    ...(dashboards.length > 0 && { dashboards }),
  };
}

function missingText(output: string, deployment: string, ids: readonly string[]): string {
  if (ids.includes(deployment)) {
    return `No stack of the deployment "${deployment}" has the output ${output}: deploy all of them, by this version.`;
  }
  const others = ids.length === 0 ? 'There is no other one.' : `--deployment can be ${ids.join(', ')}.`;
  return `There is no deployment "${deployment}" here. ${others}`;
}

/** @throws NotDeployedError */
export function batchNamesOf({ batch }: DeployedNames): BatchNames {
  if (batch === undefined)
    throw new NotDeployedError('The batch path is not deployed: start or deploy with -c batchPath=on.');
  return batch;
}

/** Of names in a list, such as `demo.geo,demo.pin,demo.user`. */
function byFeed(list: string): Readonly<Record<FeedName, string>> {
  const names = list.split(',');
  const nameOf = (feed: FeedName): string => {
    const found = names.find((name) => name.endsWith(`-${feed}`) || name.endsWith(`.${feed}`));
    if (found === undefined) throw new NotDeployedError(`None of ${names.join(', ')} is for ${feed}.`);
    return found;
  };
  return { pin: nameOf('pin'), geo: nameOf('geo'), user: nameOf('user') };
}
