import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { jarPaths, javaDir, projectDir, sparkPython } from '../../setup/paths.mjs';
import { writeCases } from './write-cases.ts';

const limitMs = 900_000;

test(
  'the Glue job, by pytest',
  () => {
    if (!existsSync(sparkPython())) throw new Error('PySpark is not set up: run node setup/setup.mjs --checks');
    const folder = mkdtempSync(join(tmpdir(), 'pinflow-pytest-'));
    try {
      writeCases(folder);
      const pytest = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', '-W', 'ignore', import.meta.dirname];
      const { status, stdout, stderr } = spawnSync(sparkPython(), pytest, {
        encoding: 'utf8',
        timeout: limitMs - 10_000,
        env: {
          ...process.env,
          JAVA_HOME: javaDir(21),
          PINFLOW_CASES: folder,
          PINFLOW_SPARK_JARS: jarPaths('spark').join(delimiter),
          PYTHONDONTWRITEBYTECODE: '1',
          PYTHONPATH: ['glue-scripts/src', 'glue-scripts/local', 'test/batch']
            .map((room) => join(projectDir, room))
            .join(delimiter),
        },
      });
      expect(status === 0 ? '' : `${stdout}\n${stderr}`).toBe('');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  limitMs,
);
