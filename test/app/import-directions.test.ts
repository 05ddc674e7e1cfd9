import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { expect, test } from '@jest/globals';

const ROOT = join(__dirname, '..', '..');

/** What a room may import from, itself apart. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  bin: ['lib'],
  lib: ['model'],
  model: [],
  lambda: ['model'],
  local: [],
  // setup: where the caches and the state are, which has to be known before anything is installed.
  cli: ['local', 'model', 'setup'],
  // What is measured is what deploys: with the settings of a profile, and with the connector as it is built.
  bench: ['cli', 'connect', 'lambda', 'lib', 'local', 'model', 'setup'],
  console: [],
  // Set-up builds the connector, with the Java and the jars that it fetched.
  connect: ['setup'],
  setup: ['connect'],
};

/** Module specifiers of static and dynamic imports, re-exports and requires. */
const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])(\.[^'"]*)\1/g;

const rooms = Object.keys(MAY_IMPORT).filter((room) => existsSync(join(ROOT, room)));

test.each(rooms)('%s imports only from the rooms it may know', (room) => {
  const wrong = globSync(`${room}/**/*.{ts,mts,js,mjs}`, { cwd: ROOT })
    .filter((file) => !file.includes('node_modules'))
    .flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT)].map((match) => ({ file, specifier: match[2]! })),
    )
    .map((found) => ({
      ...found,
      room: relative(ROOT, join(ROOT, dirname(found.file), found.specifier)).split(sep)[0]!,
    }))
    .filter((found) => found.room !== room && !MAY_IMPORT[room]!.includes(found.room))
    .map(({ file, specifier }) => `${file} imports ${specifier}`);
  expect(wrong).toEqual([]);
});

test('only lib and bin know CDK', () => {
  const wrong = globSync('{model,lambda,local,cli,bench}/**/*.ts', { cwd: ROOT }).filter((file) =>
    /from ['"](aws-cdk-lib|constructs|cdk-nag)/.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  expect(wrong).toEqual([]);
});

test('the model does no input or output', () => {
  const wrong = globSync('model/**/*.ts', { cwd: ROOT }).filter((file) =>
    /from ['"](node:(fs|net|http|https|child_process|worker_threads|process)\b|@aws-)/.test(
      readFileSync(join(ROOT, file), 'utf8'),
    ),
  );
  expect(wrong).toEqual([]);
});
