import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { nodeModules, projectDir } from '../setup/paths.mjs';
import { type AwsAccess, clientsOnAws, refuseWithoutRegion } from './aws.ts';
import { command } from './command.ts';
import { contextOf } from './context.ts';
import { tearDown } from './teardown/teardown.ts';

export default command(
  {
    command: 'destroy',
    summary:
      'Deletes the stacks of a deployment on AWS (cdk destroy), and its data only if that is asked for and allowed.',
    options: {
      context: { type: 'texts', short: 'c', value: 'KEY=VALUE', describe: 'as for cdk deploy: profile, deployment' },
      'delete-data': { type: 'flag', describe: 'empty the buckets first; asks for the deployment id' },
      yes: { type: 'flag', describe: 'do not ask before stacks are deleted' },
      profile: { type: 'text', value: 'NAME', describe: 'of the AWS CLI' },
      region: { type: 'text', value: 'NAME', describe: 'where the deployment is' },
    },
  },
  async ({ context: pairs = [], 'delete-data': deleteData = false, yes = false, profile, region }) => {
    const context = contextOf(pairs);
    const access = { ...(profile !== undefined && { profile }), ...(region !== undefined && { region }) };
    const clients = clientsOnAws(access);
    await refuseWithoutRegion(clients);
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    try {
      return await tearDown({
        clients,
        deployment: context['deployment'] ?? 'demo',
        deleteData,
        yes,
        ask: (question) => answerTo(terminal, question),
        tell: (line) => console.log(line),
        cdkDestroy: (stacks) => cdkDestroy(stacks, pairs, access),
      });
    } finally {
      terminal.close();
      clients.close();
    }
  },
);

const cdk = join(nodeModules, 'aws-cdk', 'bin', 'cdk');

type Terminal = ReturnType<typeof createInterface>;

/** The end of the input is an empty answer. */
const answerTo = (terminal: Terminal, question: string): Promise<string> =>
  Promise.race([terminal.question(question), new Promise<string>((end) => terminal.once('close', () => end('')))]);

function cdkDestroy(stacks: readonly string[], pairs: readonly string[], access: AwsAccess): Promise<number> {
  const context = pairs.flatMap((pair) => ['-c', pair]);
  const profile = access.profile === undefined ? [] : ['--profile', access.profile];
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [cdk, 'destroy', ...stacks, '--exclusively', '--force', ...context, ...profile],
      {
        cwd: projectDir,
        stdio: ['ignore', 'inherit', 'inherit'],
        env: { ...process.env, ...(access.region !== undefined && { AWS_REGION: access.region }) },
      },
    );
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
