import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectDir } from '../setup/paths.mjs';

/** The app did not synthesize; the message is what it said. */
export class SynthError extends Error {
  override readonly name = 'SynthError';
}

export interface Synthesized {
  /** The cloud assembly. */
  readonly directory: string;
  /** An earlier one of the same sources was there. */
  readonly reused: boolean;
}

/** What an assembly is made of. */
const sources = ['bin', 'lib', 'lambda', 'model', 'cdk.json', 'package-lock.json'];

/**
 * Writes the app's templates and bundles to `stateDir`/cdk.out, unless they are there already.
 * @param context what `-c key=value` gives on the command line, over that of cdk.json
 * @throws SynthError; AbortError when it is stopped
 */
export async function synthesize(
  stateDir: string,
  context: Readonly<Record<string, string>>,
  stop?: AbortSignal,
): Promise<Synthesized> {
  const directory = join(stateDir, 'cdk.out');
  const stamp = join(stateDir, 'cdk.out.sources');
  const configured = JSON.parse(readFileSync(join(projectDir, 'cdk.json'), 'utf8')) as { context?: object };
  const contextJson = JSON.stringify({ ...configured.context, ...context });
  const hash = hashOf(contextJson);
  if (existsSync(join(directory, 'manifest.json')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) {
    return { directory, reused: true };
  }
  rmSync(stamp, { force: true });
  rmSync(directory, { recursive: true, force: true });
  // CloudFormation's own rules take most of the time; `npm run synth` and a deployment look at them.
  const environment = { CDK_OUTDIR: directory, CDK_CONTEXT_JSON: contextJson, CDK_VALIDATION: 'false' };
  await runApp(environment, stop);
  writeFileSync(stamp, hash);
  return { directory, reused: false };
}

function runApp(environment: Readonly<Record<string, string>>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join('bin', 'pinflow.ts')], {
      cwd: projectDir,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal && { signal }),
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new SynthError(`The templates could not be written (npm run synth shows it too):\n${said.trim()}`));
    });
  });
}

function hashOf(contextJson: string): string {
  const hash = createHash('sha256').update(contextJson).update(process.version);
  for (const file of sources.flatMap((source) => filesOf(join(projectDir, source)))) {
    hash.update(`\0${file}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

function filesOf(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
