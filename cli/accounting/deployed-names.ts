import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { FeedName } from '../../model/rules/rule.ts';
import type { Clients } from '../aws.ts';

/** The names that the outputs of a deployment's stacks give. */
export interface DeployedNames {
  readonly streams: Readonly<Record<FeedName, string>>;
  readonly postsTable: string;
  readonly quarantineBucket: string;
  readonly cleanFunction: string;
  readonly redriveFunction: string;
}

export class NotDeployedError extends Error {
  override readonly name = 'NotDeployedError';
}

/** @throws NotDeployedError when no stack of the deployment gives a name that is needed. */
export async function deployedNames({ cloudformation }: Clients, deployment: string): Promise<DeployedNames> {
  const outputs = new Map<string, string>();
  const stacks: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await cloudformation.send(new DescribeStacksCommand({ ...(NextToken && { NextToken }) }));
    for (const stack of page.Stacks ?? []) {
      stacks.push(stack.StackName ?? '');
      if (!stack.StackName?.match(`^pinflow-${deployment}-[a-z]+$`)) continue;
      for (const { OutputKey, OutputValue } of stack.Outputs ?? []) outputs.set(OutputKey ?? '', OutputValue ?? '');
    }
    NextToken = page.NextToken;
  } while (NextToken);
  const output = (name: string): string => {
    const value = outputs.get(name);
    if (value !== undefined) return value;
    const there = stacks.length === 0 ? 'There is no stack at all.' : `There are: ${stacks.sort().join(', ')}.`;
    throw new NotDeployedError(`No stack of the deployment "${deployment}" has the output ${name}. ${there}`);
  };
  const streams = output('StreamNames').split(',');
  const streamOf = (feed: FeedName): string => {
    const stream = streams.find((name) => name.endsWith(`-${feed}`));
    if (stream === undefined) throw new NotDeployedError(`None of the streams ${streams.join(', ')} is for ${feed}.`);
    return stream;
  };
  return {
    streams: { pin: streamOf('pin'), geo: streamOf('geo'), user: streamOf('user') },
    postsTable: output('PostsTable'),
    quarantineBucket: output('QuarantineBucket'),
    cleanFunction: output('CleanFunctionName'),
    redriveFunction: output('RedriveFunctionName'),
  };
}
