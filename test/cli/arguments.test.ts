import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { forOption, helpOf, nearest, readArguments, UsageError } from '../../cli/arguments.ts';
import { refuseTakenByNpm } from '../../cli/npm-options.ts';

const line = {
  command: 'emulate',
  summary: 'Sends posts.',
  options: {
    count: { type: 'number', whole: true, min: 1, describe: 'posts to send' },
    dirty: { type: 'number', min: 0, max: 1, describe: 'share of rows' },
    door: { type: 'text', oneOf: ['streams', 'topics'], describe: 'which door' },
    context: { type: 'texts', short: 'c', value: 'KEY=VALUE', describe: 'context' },
    once: { type: 'flag', describe: 'end after it' },
    json: { type: 'flag', describe: 'as JSON' },
  },
} as const;

test('options are read with their types', () => {
  const args = ['--count', '5', '--dirty=0.1', '--once', '-c', 'a=1', '-c', 'b=2', '--door', 'streams'];
  expect(readArguments(line, args)).toEqual({
    count: 5,
    dirty: 0.1,
    once: true,
    context: ['a=1', 'b=2'],
    door: 'streams',
  });
  expect(readArguments(line, [])).toEqual({});
});

test.each([
  [['--cuont', '5'], 'emulate has no option --cuont: do you mean --count?'],
  [
    ['--frobnicate'],
    'emulate has no option --frobnicate: its options are --count, --dirty, --door, --context, --once, --json',
  ],
  [['-x'], 'emulate has no option -x'],
  [['--constructor'], 'emulate has no option --constructor'],
  [['--count'], '--count needs a value: --count N'],
  [['--count', 'ten'], '--count is "ten": give a whole number from 1.'],
  [['--count', '1.5'], '--count is "1.5": give a whole number from 1.'],
  [['--dirty', '2'], '--dirty is "2": give a number from 0 to 1.'],
  [['--door', 'window'], '--door is "window": it can be streams, topics.'],
  [['--once=yes'], '--once takes no value.'],
  [['100'], '"100" is no option of emulate.'],
])('%j is refused', (args, message) => {
  expect(() => readArguments(line, args)).toThrow(message);
});

test('the help names every option', () => {
  const help = helpOf(line);
  for (const text of [
    'npm run emulate -- [options]',
    '--count N',
    '--door streams|topics',
    '-c, --context KEY=VALUE',
    'end after it',
  ])
    expect(help).toContain(text);
});

describe('the nearest name', () => {
  test.each([
    ['strat', 'start'],
    ['starts', 'start'],
    ['query', undefined],
  ])('%s', (given, expected) => expect(nearest(given, ['start', 'reset'])).toBe(expected));
});

test('what stands beside the options is taken where the command has operands', () => {
  const line = {
    command: 'quarantine',
    operands: 'list|show',
    summary: 'Lists.',
    options: { json: { type: 'flag', describe: 'as JSON' } },
  } as const;
  expect(readArguments(line, ['show', '--json', 'a/b'])).toEqual({ operands: ['show', 'a/b'], json: true });
  expect(readArguments(line, [])).toEqual({});
  expect(helpOf(line)).toContain('npm run quarantine -- list|show [options]');
});

test('what the file system says is told with the option', async () => {
  await expect(forOption('--log', () => readFileSync('/no/such/file'))).rejects.toThrow(
    new UsageError("--log: ENOENT: no such file or directory, open '/no/such/file'. Name another one."),
  );
  expect(await forOption('--log', () => 1)).toBe(1);
});

test('an option that npm took for itself is told, one that people set for all their projects is not', () => {
  const taking = (environment: NodeJS.ProcessEnv) => () => refuseTakenByNpm(line, environment);
  expect(taking({ npm_config_count: 'true' })).toThrow(
    'npm took --count for itself. Options come after --: npm run emulate -- --count …',
  );
  expect(taking({ npm_config_json: 'true', npm_config_cache: '~/.npm', npm_config_dirty: '' })).not.toThrow();
  const dashed = { ...line, options: { 'dry-run': { type: 'flag', describe: 'change nothing' } } } as const;
  expect(() => refuseTakenByNpm(dashed, { npm_config_dry_run: 'true' })).toThrow('npm took --dry-run for itself.');
});
