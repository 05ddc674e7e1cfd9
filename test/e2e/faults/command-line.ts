import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { projectDir } from '../../../setup/paths.mjs';
import { python } from '../../clients/runtime.ts';

export interface Deployed {
  readonly endpoint: string;
  /** A file for the AWS CLI. */
  readonly awsConfig: string;
  readonly stateDir: string;
}

/** What somebody types who follows a runbook. */
export class CommandLine {
  readonly #deployed: Deployed;

  constructor(deployed: Deployed) {
    this.#deployed = deployed;
  }

  /** `npm run <command> -- …`. Into a deployment it looks by `--endpoint`, which only a test has to say. */
  pinflow(command: string, ...args: string[]): Promise<{ readonly code: number; readonly said: string }> {
    const { endpoint, stateDir } = this.#deployed;
    const where = command === 'engine' ? ['--state', stateDir] : ['--endpoint', endpoint];
    return new Promise((resolve) => {
      const options = { cwd: projectDir, timeout: 300_000, maxBuffer: 2 ** 26 };
      const all = [join('cli', 'pinflow.ts'), command, ...args, ...where];
      const child = execFile(process.execPath, all, options, (_, said, failed) =>
        resolve({ code: child.exitCode ?? -1, said: said + failed }),
      );
    });
  }

  /** `npm run engine -- stop kafka` and the like. @throws Error with what it said */
  async engine(action: 'stop' | 'start', name: string): Promise<void> {
    const { code, said } = await this.pinflow('engine', action, name);
    if (code !== 0) throw new Error(`engine ${action} ${name}: ${said}`);
  }

  /** What `aws …` prints. @throws Error with what it said instead */
  async aws(...args: string[]): Promise<string> {
    const environment = { AWS_CONFIG_FILE: this.#deployed.awsConfig, AWS_PROFILE: 'pinflow' };
    const { code, said, failed } = await python(['-m', 'awscli', ...args], environment, this.#deployed.stateDir);
    if (code !== 0) throw new Error(`aws ${args.join(' ')}: ${failed}`);
    return said.trim();
  }
}
