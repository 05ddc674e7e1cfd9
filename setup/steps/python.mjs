// Python environments: one for each requirements file, every package checked against its hash.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  cacheDir,
  checkRequirements,
  pythonDir,
  pythonPath,
  requirements,
  sparkBuildRequirements,
  sparkRequirements,
} from '../paths.mjs';
import { onceMore, run, SetupError, size } from '../process.mjs';

const versions = { oldest: [3, 11], newest: [3, 14] };
const candidates = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python'];
const wheels = ['--only-binary', ':all:'];

export const python = environment('Python engines', '20 MB', requirements, [{ file: requirements, options: wheels }]);
export const checks = environment('tools of the tests', '80 MB', checkRequirements, [
  { file: checkRequirements, options: wheels },
]);
export const spark = environment('PySpark', '340 MB', sparkRequirements, [
  { file: sparkBuildRequirements, options: wheels },
  // Without isolation it is built with the packages above and not with whatever is newest.
  { file: sparkRequirements, options: [...wheels, '--no-binary', 'pyspark', '--no-build-isolation'] },
]);

function environment(title, download, file, installs) {
  return {
    title,
    download,
    place: () => pythonPath(file),
    // Its python is a link to the machine's: once that is gone, the link leads nowhere and this is false.
    present: () => existsSync(pythonPath(file)),
    check: findPython,
    install: () => install(file, installs),
  };
}

async function install(environmentFile, installs) {
  const base = findPython();
  const env = pipEnvironment();
  const folder = mkdtempSync(join(cacheDir(), 'fetching-python-'));
  try {
    const made = join(folder, 'environment');
    await run(base, ['-m', 'venv', made], { env, advice: noVenv });
    const inside = pythonPath(environmentFile).replace(pythonDir(environmentFile), made);
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--require-hashes'];
    for (const { file, options } of installs) {
      await onceMore(() =>
        run(inside, [...pip, ...options, '-r', file], {
          env,
          advice:
            'The Python packages could not be installed. Check the network and pip’s index setting, then try again.',
        }),
      );
    }
    rmSync(pythonDir(environmentFile), { recursive: true, force: true });
    renameSync(made, pythonDir(environmentFile));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return size(pythonDir(environmentFile));
}

/** The caller's, so that pip uses the index and proxy it is configured for, without what would put packages elsewhere. */
export function pipEnvironment() {
  const env = { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  for (const name of ['PYTHONHOME', 'PYTHONPATH', 'PIP_USER', 'PIP_TARGET', 'PIP_PREFIX', 'PIP_ROOT']) delete env[name];
  return env;
}

const noVenv =
  'Python cannot make a virtual environment. On Debian and Ubuntu its module is a package of its own: apt install python3-venv';

function findPython() {
  const seen = [];
  for (const command of candidates) {
    const asked = spawnSync(command, ['-c', 'import sys; print(*sys.version_info[:2])'], { encoding: 'utf8' });
    if (asked.status !== 0) continue;
    const [major, minor] = asked.stdout.split(' ').map(Number);
    const version = major * 100 + minor;
    const [oldest, newest] = [versions.oldest, versions.newest].map(([a, b]) => a * 100 + b);
    if (version >= oldest && version <= newest) return command;
    seen.push(`${command} is ${major}.${minor}`);
  }
  const range = `${versions.oldest.join('.')} to ${versions.newest.join('.')}`;
  throw new SetupError(
    `Pinflow's engines need Python ${range}${seen.length ? ` (${seen.join(', ')})` : ', and python3 is not on the PATH'}. Install one: https://www.python.org/downloads/`,
  );
}
