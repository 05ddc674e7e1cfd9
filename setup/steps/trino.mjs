// What Trino loads at its start, kept ahead of time: that halves every start of the query engine.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nodePath, projectDir, trinoInstallation } from '../paths.mjs';
import { run } from '../process.mjs';
import { jars } from './jars.mjs';
import { java25 } from './java.mjs';
import { node } from './node.mjs';

export const trino = {
  title: 'start of Trino',
  download: 'made here',
  after: [node, java25, jars],
  place: () => trinoInstallation().loadedAhead,
  present: () => existsSync(trinoInstallation().loadedAhead),

  async install() {
    const script = join(projectDir, 'local', 'engines', 'trino', 'load-ahead.ts');
    await run(nodePath(), [script, JSON.stringify(trinoInstallation())], {
      advice: 'Trino could not be started once to keep what it loads.',
      endedBy: 'SIGTERM',
    });
    return 'loaded ahead of time';
  },
};
