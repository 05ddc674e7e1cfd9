import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize } from '../../cli/synth.ts';
import { RoleDirectory } from '../../local/access/identities.ts';
import { parsePolicy } from '../../local/access/policy.ts';
import { type Runtime, startRuntime } from '../../local/start.ts';
import { checkRequirements, pythonPath } from '../../setup/paths.mjs';

/** What the templates name. */
export const deployed = {
  stream: 'streaming-demo-pin',
  table: 'pinflow-demo-posts',
  bucket: 'pinflow-demo-raw-000000000000-us-east-1',
  logGroup: '/pinflow/demo/clean',
} as const;

export const setUpLimitMs = 300_000;

export interface ClientsRuntime {
  readonly runtime: Runtime;
  /** What docs/clients.md tells to set, and nothing else of AWS. */
  readonly environment: Readonly<Record<string, string>>;
  /** The same, for who takes the endpoint by variable. */
  readonly endpointEnvironment: Readonly<Record<string, string>>;
  /** An empty folder. */
  readonly scratch: string;
  /** The key of the clean function's role, in the variables of every client. */
  readonly roleEnvironment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** The app's templates but for the batch path, on free ports. Takes the variables of AWS out of this process. */
export async function startForClients(): Promise<ClientsRuntime> {
  for (const name of Object.keys(process.env)) if (/^AWS_(?!CA_BUNDLE)/.test(name)) delete process.env[name];
  const scratch = mkdtempSync(join(tmpdir(), 'pinflow clients '));
  const { directory } = await synthesize(scratch, { batchPath: 'off' });
  const stateDir = join(scratch, 'state');
  const runtime = await startRuntime({ assembly: directory, stateDir, python: pythonPath(), port: 0, apiPort: 0 });
  const { endpoint, region, awsConfig } = runtime;
  const byVariable = { AWS_ENDPOINT_URL: endpoint, AWS_REGION: region, AWS_DEFAULT_REGION: region };
  return {
    runtime,
    environment: { AWS_CONFIG_FILE: awsConfig, AWS_PROFILE: 'pinflow' },
    endpointEnvironment: { ...byVariable, ...keyVariables('pinflow', 'pinflow') },
    roleEnvironment: { ...byVariable, ...cleanRoleKey(runtime) },
    scratch,
    stop: async () => {
      await runtime.stop();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/** Runs what the tests' Python environment has, with no variables of AWS but these. */
export function python(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  cwd: string,
): Promise<{ code: number; said: string; failed: string }> {
  const command = pythonPath(checkRequirements);
  if (!existsSync(command)) {
    throw new Error('boto3 and the AWS CLI are not installed: run npm test, or node setup/setup.mjs --checks');
  }
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...environment };
  return new Promise((resolve) => {
    const child = execFile(command, args, { cwd, env, timeout: 240_000 }, (_, said, failed) =>
      resolve({ code: child.exitCode ?? -1, said, failed }),
    );
  });
}

/** A role's key is made of its ARN. */
function cleanRoleKey({ account, stacks }: Runtime): Record<string, string> {
  const resources = Object.entries(stacks['pinflow-demo-speed']!.resources);
  const role = resources.find(([id, { type }]) => type === 'AWS::IAM::Role' && id.startsWith('Clean'))![1].ref;
  const { accessKeyId, secretAccessKey } = new RoleDirectory(account).putRole(role, parsePolicy({ Statement: [] }, ''));
  return keyVariables(accessKeyId, secretAccessKey);
}

const keyVariables = (accessKeyId: string, secretAccessKey: string) => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});
