import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const PARTS = [
  ...['bin', 'cli', 'glue-scripts', 'lambda', 'lib', 'local', 'model', 'setup', 'connect/dist', 'docs/generated'],
  ...['cdk.json', 'package.json', 'package-lock.json', 'tsconfig.json'],
];

/** What the app is made of, to be changed. */
export class AppCopy {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory);
    for (const part of PARTS) cpSync(join(ROOT, part), join(directory, part), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  }

  pinflow(...args: readonly string[]): Promise<string> {
    return this.#node(['cli/pinflow.ts', ...args], {});
  }

  /** @returns the folder of the assembly */
  async synthesized(context: Readonly<Record<string, string>>): Promise<string> {
    const assembly = join(this.directory, 'cdk.out');
    await this.#node(['bin/pinflow.ts'], { CDK_OUTDIR: assembly, CDK_CONTEXT_JSON: JSON.stringify(context) });
    return assembly;
  }

  async #node(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<string> {
    const env = { ...process.env, ...environment };
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: this.directory, env });
    return stdout;
  }
}
