// Python environments, of the engines and of the tests: one for each requirements file, every wheel checked against its hash.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, checkRequirements, pythonDir, pythonPath, requirements } from '../paths.mjs';
import { run, SetupError, size } from '../process.mjs';

const versions = { oldest: [3, 11], newest: [3, 14] };
const candidates = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python'];

export const python = environment('Python engines', '20 MB', requirements);
export const checks = environment('tools of the tests', '80 MB', checkRequirements);

function environment(title, download, file) {
  return {
    title,
    download,
    place: () => pythonPath(file),
    // Its python is a link to the machine's: once that is gone, the link leads nowhere and this is false.
    present: () => existsSync(pythonPath(file)),
    install: () => install(file),
  };
}

async function install(file) {
  const base = findPython();
  const env = { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  for (const name of ['PYTHONHOME', 'PYTHONPATH', 'PIP_USER', 'PIP_TARGET', 'PIP_PREFIX', 'PIP_ROOT']) delete env[name];
  const folder = mkdtempSync(join(cacheDir(), 'fetching-python-'));
  try {
    const made = join(folder, 'environment');
    await run(base, ['-m', 'venv', made], { env, advice: noVenv });
    const inside = pythonPath(file).replace(pythonDir(file), made);
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--require-hashes', '--only-binary', ':all:'];
    await run(inside, [...pip, '-r', file], {
      env,
      advice: 'The Python packages could not be installed. Check the network and pip’s index setting, then try again.',
    });
    rmSync(pythonDir(file), { recursive: true, force: true });
    renameSync(made, pythonDir(file));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return size(pythonDir(file));
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
