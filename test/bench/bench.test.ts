import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { readArguments } from '../../bench/arguments.ts';
import { compare } from '../../bench/compare.ts';
import { answersPerSecond, httpRequest } from '../../bench/load.ts';
import { asJson, printed, ratio } from '../../bench/report.ts';
import { processesOf } from '../../bench/runtime.ts';

describe('arguments', () => {
  const benches = ['door', 'clean', 'speed'];

  test('one bench and its options', () => {
    expect(readArguments(['speed', '--json', '/a/b.json'], benches)).toEqual({
      help: false,
      name: 'speed',
      json: '/a/b.json',
      profile: undefined,
      quick: false,
    });
    expect(readArguments(['--help'], benches)).toEqual({ help: true });
    expect(readArguments(['speed', '--quick'], benches)).toMatchObject({ name: 'speed', quick: true });
  });

  test.each([
    [[], 'Say which bench: door, clean, speed.'],
    [['dor'], 'There is no bench dor; do you mean door?'],
    [['door', 'clean'], 'One bench at a time: clean is too much.'],
    [['door', '--jsn', 'x'], "Unknown option '--jsn'"],
    [['door', '--json'], "Option '--json <value>' argument missing"],
  ])('%j is refused by name', (args, message) => {
    expect(() => readArguments(args, benches)).toThrow(message);
  });
});

test('rates are taken in turns, without the first round, and the median counts', async () => {
  let clock = 0;
  const order: string[] = [];
  const lasts = (name: string, ...ms: number[]) => {
    return () => {
      order.push(name);
      clock += ms.shift()!;
      return 10;
    };
  };
  const rates = await compare(
    { fast: lasts('fast', 1000, 10, 20, 40), slow: lasts('slow', 1000, 100, 100, 1000) },
    { count: 3, ms: 1, now: () => clock },
  );
  expect(rates).toEqual({ fast: 500, slow: 100 });
  expect(order.join(' ')).toBe('fast slow fast slow fast slow fast slow');
});

test('the load tells a bad answer, and counts good ones that come in pieces', async () => {
  let status = 200;
  const server = createServer(async (request, response) => {
    for await (const _ of request);
    response.writeHead(status, { 'content-length': 4 });
    response.write('{"');
    setImmediate(() => response.end('a}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const load = { port, requests: [httpRequest('PUT', '/', {}, '{}')], connections: 2, warmMs: 10, ms: 50 };
    expect(await answersPerSecond(load)).toBeGreaterThan(0);
    status = 503;
    await expect(answersPerSecond(load)).rejects.toThrow('The answer is no 200: HTTP/1.1 503');
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('the processes of a runtime are it and its children, by kind', () => {
  const ps = [
    '   10     1  2048 node bench.ts',
    '   11    10 20480 node runtime.ts',
    '   12    11 10240 /usr/bin/node worker.mjs',
    '   14    11 51200 python -m ministack',
    '   15    10 99999 node writer.ts',
    '   16    11  1000 ps -A',
  ].join('\n');
  expect(processesOf(11, ps)).toEqual([
    { kind: 'runtime', pid: 11, mib: 20 },
    { kind: 'Lambda workers', pid: 12, mib: 10 },
    { kind: 'MiniStack', pid: 14, mib: 50 },
  ]);
});

test('a report is a table and JSON of the same figures', () => {
  const machine = { cores: 2, processor: 'any', memoryGiB: 8, platform: 'linux x64', node: 'v24.0.0' };
  const report = {
    bench: 'door',
    sections: [{ name: 'requests', title: 'Requests', columns: ['connections', 'door'], rows: [[8, 1234]] }],
  };
  expect(printed(report, machine)).toBe(
    'door, on 2 cores (any), 8 GiB, linux x64, Node v24.0.0\n\nRequests\n  connections   door\n  8            1,234',
  );
  expect(JSON.parse(asJson(report, machine))).toEqual({
    bench: 'door',
    machine,
    requests: [{ connections: 8, door: 1234 }],
  });
  expect(ratio(1, 3)).toBe(0.33);
});
