import { expect, test } from '@jest/globals';
import { UsageError } from '../../cli/arguments.ts';
import { printable } from '../../cli/quarantine/print.ts';
import { sinceOf } from '../../cli/quarantine/since.ts';

const now = new Date('2026-11-21T09:00:00Z');

test.each([
  ['30s', '2026-11-21T08:59:30.000Z'],
  ['2h', '2026-11-21T07:00:00.000Z'],
  ['7d', '2026-11-14T09:00:00.000Z'],
  ['2026-11-20', '2026-11-20T00:00:00.000Z'],
  ['2026-11-20T10:00+01:00', '2026-11-20T09:00:00.000Z'],
])('since %s is %s', (text, time) => {
  expect(sinceOf(text, now).toISOString()).toBe(time);
});

test.each(['', 'yesterday', '-2h', '2 h', '99999999d'])('since %j is refused', (text) => {
  expect(() => sinceOf(text, now)).toThrow(UsageError);
});

test('what would move the cursor of a terminal is shown as an escape', () => {
  expect(printable('a\u001b[2J\u202e\nb\u0000é')).toBe('a\\u{1b}[2J\\u{202e}\nb\\u{0}é');
});
