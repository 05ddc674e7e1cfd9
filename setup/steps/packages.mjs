// The npm packages of package-lock.json.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { nodeModules, projectDir } from '../paths.mjs';
import { npm, onceMore, SetupError, size } from '../process.mjs';

export const packages = {
  title: 'npm packages',
  download: '150 MB',
  place: () => nodeModules,

  /** npm notes what it installed when it has finished: whatever the lock file asks for must be there. */
  present() {
    const installed = read(join(nodeModules, '.package-lock.json'));
    if (!installed) return false;
    const wanted = read(join(projectDir, 'package-lock.json'))?.packages ?? {};
    return Object.entries(wanted).every(([path, { version, integrity, optional, devOptional }]) => {
      const found = installed.packages[path];
      if (!found) return path === '' || Boolean(optional || devOptional);
      return found.version === version && found.integrity === integrity;
    });
  },

  async install() {
    const { packages: locked } = read(join(projectDir, 'package-lock.json')) ?? {};
    const own = read(join(projectDir, 'package.json'));
    for (const kind of ['dependencies', 'devDependencies']) {
      if (!isDeepStrictEqual(locked?.[''][kind], own[kind])) {
        throw new SetupError(
          `package-lock.json and package.json disagree about ${kind}. Run: npm install --ignore-scripts`,
        );
      }
    }
    // Not `npm ci`: it refuses a lock file without the optional packages of every platform, and not every registry
    // has those. An install that did not finish is no ground to build on, hence from nothing as `npm ci` does.
    await onceMore(() => {
      rmSync(nodeModules, { recursive: true, force: true });
      return npm(['install', '--no-save', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund'], {
        cwd: projectDir,
        advice:
          'The npm packages could not be installed. Check the network and npm’s registry setting, then try again.',
      });
    });
    return size(nodeModules);
  },
};

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
