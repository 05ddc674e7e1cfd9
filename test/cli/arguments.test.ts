import { describe, expect, test } from '@jest/globals';
import { helpOf, nearest, readArguments } from '../../cli/arguments.ts';

const line = {
  command: 'emulate',
  summary: 'Sends posts.',
  options: {
    count: { type: 'number', whole: true, min: 1, describe: 'posts to send' },
    dirty: { type: 'number', min: 0, max: 1, describe: 'share of rows' },
    door: { type: 'text', oneOf: ['streams'], describe: 'which door' },
    context: { type: 'texts', short: 'c', value: 'KEY=VALUE', describe: 'context' },
    once: { type: 'flag', describe: 'end after it' },
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
  [['--frobnicate'], 'emulate has no option --frobnicate: its options are --count, --dirty, --door, --context, --once'],
  [['-x'], 'emulate has no option -x'],
  [['--constructor'], 'emulate has no option --constructor'],
  [['--count'], '--count needs a value: --count N'],
  [['--count', 'ten'], '--count is "ten": give a whole number from 1.'],
  [['--count', '1.5'], '--count is "1.5": give a whole number from 1.'],
  [['--dirty', '2'], '--dirty is "2": give a number from 0 to 1.'],
  [['--door', 'window'], '--door is "window": it can be streams.'],
  [['--once=yes'], '--once takes no value.'],
  [['100'], '"100" is no option of emulate.'],
])('%j is refused', (args, message) => {
  expect(() => readArguments(line, args)).toThrow(message);
});

test('the help names every option', () => {
  const help = helpOf(line);
  for (const text of ['pinflow emulate', '--count N', '-c, --context KEY=VALUE', 'end after it'])
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
  expect(helpOf(line)).toContain('pinflow quarantine list|show [options]');
});
