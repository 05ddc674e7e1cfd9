// Installs what is missing or stale, and nothing else: npm packages, Node, the Python environment of the engines.
// Runs on Node 20 with nothing installed; a second run takes a moment. See docs/adr/0006-set-up.md.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { cacheDir } from './paths.mjs';
import { SetupError } from './process.mjs';
import { node } from './steps/node.mjs';
import { packages } from './steps/packages.mjs';
import { checks, python } from './steps/python.mjs';

// With --checks also what only the tests need.
const steps = [packages, node, python, ...(process.argv.includes('--checks') ? [checks] : [])];
const missing = () => steps.filter((step) => !step.present());

async function setUp() {
  if (missing().length === 0) return;
  mkdirSync(cacheDir(), { recursive: true });
  await withLock(cacheDir(), async () => {
    const started = Date.now();
    const wanted = missing(); // another set-up may have done it while this one waited
    if (wanted.length === 0) return;
    removeUnfinished();
    console.log(`Setting up: ${wanted.map(({ title, download }) => `${title} (${download})`).join(', ')}`);
    const results = await Promise.allSettled(wanted.map(install));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
    console.log(`Set up in ${seconds(started)}. What is shared by all clones is in ${cacheDir()}`);
  });
}

/** What an interrupted set-up left: nobody else is fetching while this one holds the lock. */
function removeUnfinished() {
  for (const name of readdirSync(cacheDir())) {
    if (name.startsWith('fetching-')) rmSync(join(cacheDir(), name), { recursive: true, force: true });
  }
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
  if (!(error instanceof SetupError) && !existsSync(cacheDir())) {
    console.error(
      `The cache ${cacheDir()} cannot be written (${error.message}). Set XDG_CACHE_HOME to a folder that can.`,
    );
  } else {
    console.error(error instanceof SetupError ? error.message : error);
  }
  process.exit(1);
}
