import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { command } from './command.ts';
import { entryLists, type GeneratedFile, staleFiles } from './generate/generated-files.ts';

const root = join(import.meta.dirname, '..');

export default command(
  {
    command: 'generate',
    summary:
      'Writes the lists of metrics and questions, and docs/generated, from the files in model. Exit 1 if --check finds one stale.',
    options: { check: { type: 'flag', describe: 'write nothing: say which files are stale' } },
  },
  async ({ check = false }) => {
    const stale = [...settle(entryLists(root), check)];
    // Read after the lists are written, which they import.
    const { documentModel } = await import('../model/compile/document.ts');
    const { metrics } = await import('../model/metrics/index.ts');
    const { questions } = await import('../model/questions/index.ts');
    stale.push(...settle([{ path: 'docs/generated/metrics.md', text: documentModel(metrics, questions) }], check));
    for (const { path } of stale) console.log(check ? `${path} is stale: npm run generate` : `Wrote ${path}`);
    return check && stale.length > 0 ? 1 : 0;
  },
);

function settle(files: readonly GeneratedFile[], check: boolean): readonly GeneratedFile[] {
  const stale = staleFiles(root, files);
  if (check) return stale;
  for (const { path, text } of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return stale;
}
