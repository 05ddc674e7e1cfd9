import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { readArguments, UsageError } from '../../cli/arguments.ts';
import { ControlError } from '../../cli/control.ts';
import fault from '../../cli/fault.ts';
import { faultRoutes } from '../../local/console/faults.ts';
import { ConsoleServer } from '../../local/console/server.ts';
import { Faults } from '../../local/faults/faults.ts';

const state = mkdtempSync(join(tmpdir(), 'pinflow-fault-'));
const faults = new Faults(() => {});
const server = new ConsoleServer({ directory: state, port: 0, routes: faultRoutes(faults), fault: () => {} });
let said: string[];

beforeAll(async () => {
  await server.listen();
  writeFileSync(join(state, 'console.json'), JSON.stringify({ url: server.url, token: server.token }));
});
afterAll(async () => {
  await server.close();
  rmSync(state, { recursive: true });
});
beforeEach(() => {
  said = [];
  jest.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
});
afterEach(() => {
  faults.close();
  jest.restoreAllMocks();
});

const run = (line: string, stateDir = state) =>
  fault.run(readArguments(fault.line, [...line.split(' '), '--state', stateDir]));

test('starts, lists and stops faults of the runtime', async () => {
  const name = 'lambda:invocation-add-delay';
  expect(await run(`start ${name} --share 0.25 --for 900 --target *-query --delay 10`)).toBe(0);
  const [, now, left] = /^(.*), for (\d+) s more$/.exec(said.at(-1)!) ?? [];
  expect(now).toBe(`  ${name}: on 25 % of calls, for *-query, by 10 ms`);
  expect(Number(left)).toBeGreaterThan(600);
  expect(Number(left)).toBeLessThanOrEqual(900);
  await run('list');
  expect(said.at(-1)).toMatch(/functions begin late.* on 25 % of calls/);
  await run('stop all');
  await run('stop all');
  expect(said.slice(-2)).toEqual([`  ${name} has ended`, '  It was not there.']);
});

test.each(['burn', 'start', 'list all', 'stop a b'])('does not take %s', async (line) => {
  await expect(run(line)).rejects.toThrow(UsageError);
});

test('tells what the runtime refuses, and that there is none', async () => {
  await expect(run('start dynamodb:burns')).rejects.toThrow(/There is no fault dynamodb:burns; there are dynamodb:/);
  await expect(run('list', tmpdir())).rejects.toThrow(ControlError);
});
