// Installs what is missing or stale, and nothing else: npm packages, Node, and the engines with their Python and Java.
// Runs on Node 20 with nothing installed; a second run takes a moment. See docs/adr/0008-set-up-before-every-script.md.
import { accessSync, constants, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { cacheDir, projectDir } from './paths.mjs';
import { SetupError } from './process.mjs';
import { connector } from './steps/connector.mjs';
import { jars } from './steps/jars.mjs';
import { java21, java25 } from './steps/java.mjs';
import { node } from './steps/node.mjs';
import { packages } from './steps/packages.mjs';
import { checks, python, spark } from './steps/python.mjs';
import { trino } from './steps/trino.mjs';

// With --checks also what only the tests need.
const engines = [python, java21, java25, jars, spark, connector, trino];
const steps = [packages, node, ...engines, ...(process.argv.includes('--checks') ? [checks] : [])];
const TOLD_EVERY_MS = 10_000;
const missing = () => steps.filter((step) => !step.present());

async function setUp() {
  if (missing().length === 0) return;
  writable(cacheDir(), 'Set XDG_CACHE_HOME to a folder that can.');
  writable(projectDir, 'Clone into a folder of your own.');
  await withLock(cacheDir(), async () => {
    const started = Date.now();
    const wanted = missing(); // another set-up may have done it while this one waited
    if (wanted.length === 0) return;
    // What would fail after minutes is told before.
    for (const step of wanted) step.check?.();
    removeUnfinished();
    console.log(`Setting up: ${wanted.map(({ title, download }) => `${title} (${download})`).join(', ')}`);
    await installAll(wanted, started);
    console.log(`Set up in ${seconds(started)}. What is shared by all clones is in ${cacheDir()}`);
  });
}

/** @throws SetupError with the advice */
function writable(directory, advice) {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
  } catch (error) {
    throw new SetupError(`${directory} cannot be written (${error.code}). ${advice}`);
  }
}

/** What an interrupted set-up left: nobody else is fetching while this one holds the lock. */
function removeUnfinished() {
  for (const name of readdirSync(cacheDir())) {
    if (name.startsWith('fetching-')) rmSync(join(cacheDir(), name), { recursive: true, force: true });
  }
}

/** All at once, but each after those it needs: `wanted` has those first. */
async function installAll(wanted, started) {
  const running = new Map();
  const working = new Set(wanted);
  for (const step of wanted) {
    const needed = (step.after ?? []).map((other) => running.get(other));
    const done = Promise.all(needed).then(() => install(step));
    running.set(
      step,
      done.finally(() => working.delete(step)),
    );
  }
  const telling = setInterval(() => {
    const titles = [...working].map(({ title, download }) => `${title} (${download})`);
    console.log(`  after ${seconds(started)} still at work: ${titles.join(', ')}`);
  }, TOLD_EVERY_MS);
  const results = await Promise.allSettled(running.values());
  clearInterval(telling);
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}

async function install(step) {
  const started = Date.now();
  const done = await step.install();
  if (!step.present()) throw new SetupError(`${step.title}: installed, but ${step.place()} is not there.`);
  console.log(`  ${step.title}: ${done}, ${seconds(started)}`);
}

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

const major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  console.error(`Pinflow starts with Node 20 or newer; this is ${process.version}. Install a current Node.`);
  process.exit(1);
}
try {
  await setUp();
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  process.exit(1);
}
