// node setup/run.mjs <command> [args]: the command with the project's Node and its packages first on the PATH.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { nodeBin, nodeModules, nodePath } from './paths.mjs';

const [command, ...args] = process.argv.slice(2);
if (!command) {
  console.error('usage: node setup/run.mjs <command> [arguments]');
  process.exit(2);
}
// npm has a -c of its own, and takes one that stands before -- for it without a word.
const taken = process.env.npm_config_call;
if (process.env.npm_lifecycle_event && /^[\w.]+=\S*$/.test(taken ?? '')) {
  const script = process.env.npm_lifecycle_event;
  console.error(`npm took -c ${taken} for itself. Options come after --: npm run ${script} -- -c ${taken}`);
  process.exit(2);
}
const binaries = join(nodeModules, '.bin');
if (!existsSync(nodePath()) || !existsSync(binaries)) {
  console.error('Pinflow is not set up on this machine. Run: node setup/setup.mjs');
  process.exit(1);
}

// Before the command is there: one that comes while it starts would end this process alone. They run after the spawn below.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  // A terminal sends Ctrl-C to the child itself: forwarding it would be a second one.
  process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY) || child.kill(signal));
}
const child = spawn(command, args, {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, PATH: [nodeBin(), binaries, process.env.PATH].join(delimiter) },
});
child.on('error', (error) => {
  console.error(error.code === 'ENOENT' ? `There is no command ${command} on the PATH.` : error.message);
  process.exit(127);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
