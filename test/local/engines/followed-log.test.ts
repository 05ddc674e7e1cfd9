import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FollowedLog } from '../../../local/engines/followed-log.ts';

let directory: string;
let file: string;
let lines: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'followed-'));
  file = join(directory, 'engine.log');
  lines = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

const follow = (linesPerTurn = 100) =>
  new FollowedLog({ file, line: (line) => void lines.push(line), linesPerTurn, everyMs: 5 });
const turn = () => new Promise((resolve) => setTimeout(resolve, 40));

test('passes on what is appended after it began, in whole lines', async () => {
  writeFileSync(file, 'of an earlier start\n');
  const log = follow();
  appendFileSync(file, 'one\ntw');
  await turn();
  expect(lines).toEqual(['one']);
  appendFileSync(file, Buffer.from('o ä').subarray(0, 3));
  await turn();
  appendFileSync(file, Buffer.from('ä').subarray(1));
  appendFileSync(file, '\n\nlast');
  log.close();
  expect(lines).toEqual(['one', 'two ä', 'last']);
});

test('a flood is counted, not passed on', async () => {
  const log = follow(3);
  appendFileSync(file, 'x\n'.repeat(100_000));
  await turn();
  log.close();
  expect(lines.slice(0, 3)).toEqual(['x', 'x', 'x']);
  expect(lines.length).toBeLessThan(20);
  expect(lines.at(-1)).toMatch(/more lines are in .*engine\.log\.$/);
});

test('a line without an end is cut', () => {
  const log = follow();
  appendFileSync(file, 'y'.repeat(1_000_000));
  log.close();
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(20_000);
});
