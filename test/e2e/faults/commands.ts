import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Runbook } from '../../../lib/monitoring/alarm-settings.ts';
import { guard } from '../../../local/engines/guard.ts';
import { checkRequirements, projectDir, pythonPath } from '../../../setup/paths.mjs';

export interface CommandsOptions {
  /** An empty folder. */
  readonly scratch: string;
  /** Of the AWS services. */
  readonly endpoint: string;
  readonly awsConfig: string;
  readonly stateDir: string;
  /** For how long a command may run. @default 300,000 */
  readonly limitMs?: number;
}

export class CommandError extends Error {
  override readonly name = 'CommandError';
}

type Section = 'How to look' | 'How to fix';

/** Runs what runbooks tell to type, in a shell in which `aws` and `npm run` find a runtime on ports of its own. */
export class Commands {
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #limitMs: number;

  constructor({ scratch, endpoint, awsConfig, stateDir, limitMs = 300_000 }: CommandsOptions) {
    this.#limitMs = limitMs;
    const bin = join(scratch, 'bin');
    mkdirSync(bin, { recursive: true });
    for (const [name, script] of Object.entries({ aws: AWS, npm: NPM })) {
      writeFileSync(join(bin, name), script);
      chmodSync(join(bin, name), 0o755);
    }
    this.#environment = {
      ...process.env,
      PATH: `${bin}:${process.env['PATH']}`,
      AWS_CONFIG_FILE: awsConfig,
      AWS_PROFILE: 'pinflow',
      PYTHON: pythonPath(checkRequirements),
      NODE: process.execPath,
      ENDPOINT: endpoint,
      STATE: stateDir,
    };
  }

  /** @returns what it prints @throws CommandError when it exits with another code than `code` */
  async run(command: string, code = 0): Promise<string> {
    const done = await this.#type(command);
    if (done.code === code) return done.said;
    throw new CommandError(`${command} exits with ${done.code}:\n${done.said}${done.failed}`);
  }

  async #type(command: string): Promise<{ readonly code: number | null; said: string; failed: string }> {
    // As at a terminal `/dev/stdout` can be opened, which a socket of Node's cannot.
    const args = ['-o', 'pipefail', '-c', `(set +o pipefail; ${command}\n) | cat`];
    // Detached: a group of its own, so that what it starts is ended with it.
    const child = spawn('bash', args, {
      ...{ cwd: projectDir, env: this.#environment, detached: true },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    guard(child);
    const printed = { said: '', failed: '' };
    const keep = (as: keyof typeof printed) => (text: string) => {
      printed[as] += text;
    };
    child.stdout.setEncoding('utf8').on('data', keep('said'));
    child.stderr.setEncoding('utf8').on('data', keep('failed'));
    const overdue = setTimeout(() => {
      printed.failed += `It is ended after ${this.#limitMs / 1_000} s.\n`;
      process.kill(-child.pid!, 'SIGKILL');
    }, this.#limitMs);
    await once(child, 'close');
    clearTimeout(overdue);
    return { code: child.exitCode, ...printed };
  }

  /**
   * Runs a command of a section of an article.
   * @param change what stands in the article for something that only the reader knows, and what it is: `{ URL: queueUrl }`
   * @throws CommandError also when the article does not have it
   */
  async follow(
    article: Runbook,
    section: Section,
    command: string,
    { code = 0, change = {} }: { readonly code?: number; readonly change?: Readonly<Record<string, string>> } = {},
  ): Promise<string> {
    if (!sectionOf(article, section).includes(command)) {
      throw new CommandError(`docs/runbooks/${article}.md does not say under ${section}: ${command}`);
    }
    return this.run(changed(command, change), code);
  }

  /**
   * Types all commands that an article has in blocks under "How to look".
   * @param without those that the deployment has nothing for
   * @returns what was printed, also by those that failed
   */
  async look(
    article: Runbook,
    { change = {}, without }: { readonly change?: Readonly<Record<string, string>>; readonly without?: RegExp } = {},
  ): Promise<string> {
    const printed: string[] = [];
    for (const command of commandsIn(sectionOf(article, 'How to look'))) {
      if (without?.test(command)) continue;
      const { said, failed } = await this.#type(changed(command, change));
      printed.push(`$ ${command}\n${said}${failed}`);
    }
    return printed.join('');
  }
}

const changed = (command: string, change: Readonly<Record<string, string>>): string =>
  Object.entries(change).reduce((text, [name, value]) => text.replaceAll(name, value), command);

/** One a line, unless its end says that it goes on. */
const commandsIn = (section: string): string[] =>
  [...section.matchAll(/^ *```sh\n(.*?)^ *```/gms)].flatMap(([, block]) =>
    block!
      .replaceAll(/\\\n */g, '')
      .trim()
      .split(/\n */),
  );

function sectionOf(article: Runbook, section: Section): string {
  const text = readFileSync(join(projectDir, 'docs', 'runbooks', `${article}.md`), 'utf8');
  return text.split(/^## /m).find((part) => part.startsWith(section)) ?? '';
}

/**
 * Version 1 of the AWS CLI, which is a Python package, has no `logs tail`: this is what `logs tail` asks for. For SQS it
 * looks at an address of its own, whatever the configuration says. What takes long is not asked for twice.
 */
const AWS = `#!/usr/bin/env bash
set -e
if [ "$1" = sqs ]; then exec "$PYTHON" -m awscli --cli-read-timeout 0 --endpoint-url "$ENDPOINT" "$@"; fi
if [ "$1 $2" != 'logs tail' ]; then exec "$PYTHON" -m awscli --cli-read-timeout 0 "$@"; fi
group=$3; shift 3
filter=()
while [ $# -gt 0 ]; do
  case $1 in
    --since) since=$(date -d "-\${2%m} min" +%s000) ;;
    --filter-pattern) filter=(--filter-pattern "$2") ;;
    *) echo "logs tail has no $1 here" >&2; exit 2 ;;
  esac
  shift 2
done
exec "$PYTHON" -m awscli --cli-read-timeout 0 logs filter-log-events --log-group-name "$group" --start-time "$since" "\${filter[@]}" \\
  --query 'events[].message' --output text
`;

const NPM = `#!/usr/bin/env bash
[ "$1" = run ] || { echo "npm $1 is not for this shell" >&2; exit 2; }
name=$2; shift 2
[ "$1" = -- ] && shift
case $name in
  fault | engine) where=(--state "$STATE") ;;
  *) where=(--endpoint "$ENDPOINT") ;;
esac
exec "$NODE" cli/pinflow.ts "$name" "$@" "\${where[@]}"
`;
