// Runs the tools that set-up needs, quietly: what they say is shown when they fail.
import { spawn } from 'node:child_process';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What went wrong and how to fix it, for a person. */
export class SetupError extends Error {
  constructor(message) {
    super(message);
    this.name = 'SetupError';
  }
}

/** What runs now. It ends with a set-up that is cut off: the next one has the folders for itself. */
const children = new Map();
process.once('exit', () => {
  for (const [child, signal] of children) child.kill(signal);
});

/**
 * Runs it to its end and returns its standard output; `told` is called with each line of it as it comes. `endedBy` is for
 * what has to end others itself: npm, asked politely, goes on for half a minute to take back what it has done.
 * @throws SetupError with `advice` and the end of what the tool said; the tool's own ENOENT passes.
 */
export function run(command, args, { cwd, env = process.env, advice, told, endedBy = 'SIGKILL' }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    children.set(child, endedBy);
    let output = '';
    let said = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      said += chunk;
      if (told) for (const line of String(chunk).split('\n').filter(Boolean)) told(line);
    });
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      children.delete(child);
      if (code === 0) return resolve(output);
      const end = said.trimEnd().split('\n').slice(-20).join('\n    ');
      reject(new SetupError(`${advice}\n  ${command} ${args.join(' ')} said:\n    ${end}`));
    });
  });
}

const againMs = 2_000;

/** What fetches: npm and pip ask again where a registry does not answer, but not where a download breaks off midway. */
export async function onceMore(fetching) {
  try {
    return await fetching();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    await sleep(againMs);
    return fetching();
  }
}

/** npm with the caller's configuration, but without what `npm start` and `npm test` add for their own script. */
export function npm(args, options) {
  const env = { ...process.env, npm_config_loglevel: 'error' };
  for (const name of Object.keys(env)) {
    if (
      /^npm_(config_(local_prefix|prefix|global|dry_run|json|workspaces?|omit|production)$|lifecycle_|package_|command$)/i.test(
        name,
      )
    ) {
      delete env[name];
    }
  }
  const started = process.env.npm_execpath;
  const own = started?.endsWith('npm-cli.js');
  return run(own ? process.execPath : npmCommand, own ? [started, ...args] : args, { ...options, env }).catch(
    (error) => {
      if (error.code !== 'ENOENT') throw error;
      throw new SetupError('npm is not on the PATH. It comes with Node: install Node 24 with npm.');
    },
  );
}

const npmCommand = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** Such as `38 MB`, without what links lead to. */
export const size = (directory) => `${Math.round(bytesIn(directory) / 1e6)} MB`;

function bytesIn(directory) {
  let bytes = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) bytes += bytesIn(path);
    else if (entry.isFile()) bytes += lstatSync(path).size;
  }
  return bytes;
}
