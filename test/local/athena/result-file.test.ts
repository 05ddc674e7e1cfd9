import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { ResultWriter } from '../../../local/services/athena/result-file.ts';

test('a result that cannot be written is told to the next row', async () => {
  const writer = new ResultWriter(join(tmpdir(), 'pinflow-no-such-folder', 'result'), 'csv');
  await writer.write([['a']]);
  await sleep(100);
  await expect(writer.write([['b']])).rejects.toMatchObject({ code: 'ENOENT' });
});
