// The sink connector's plugin ZIP: compiled here, nothing is fetched for it.
import { join } from 'node:path';
import { isBuilt, pluginPath } from '../../connect/sources.mjs';
import { nodePath, projectDir } from '../paths.mjs';
import { run } from '../process.mjs';
import { jars } from './jars.mjs';
import { java21 } from './java.mjs';
import { node } from './node.mjs';
import { packages } from './packages.mjs';

export const connector = {
  title: 'sink connector',
  download: 'built here',
  after: [packages, node, java21, jars],
  place: () => pluginPath,
  present: isBuilt,

  async install() {
    await run(nodePath(), [join(projectDir, 'connect', 'build.mjs')], {
      advice: 'The sink connector could not be built.',
    });
    return 'compiled and packed';
  },
};
