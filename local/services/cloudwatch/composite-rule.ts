import type { AlarmStateValue } from './types.ts';

/** Whether the rule holds, given the states of alarms; undefined: there is no such alarm. */
export type CompositeRule = (stateOf: (alarm: string) => AlarmStateValue | undefined) => boolean;

const TOKEN = /\s*(?:([()])|"((?:[^"\\]|\\.)*)"|([^\s()"]+))/y;

/**
 * `ALARM(name)`, `OK("a name")`, `INSUFFICIENT_DATA(arn)`, `TRUE`, `FALSE`, with AND, OR, NOT and parentheses.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
 *
 * @throws Error
 */
export function compositeRule(text: string): CompositeRule {
  const tokens = [...tokensOf(text)];
  let at = 0;
  const next = (): string => {
    const token = tokens[at++];
    if (token === undefined) throw new Error(`the rule ${text} ends too soon`);
    return token;
  };
  const expect = (wanted: string): void => {
    if (next() !== wanted) throw new Error(`the rule ${text} lacks ${wanted}`);
  };
  const joined = (word: string, operand: () => CompositeRule, all: boolean): CompositeRule => {
    const parts = [operand()];
    while (tokens[at]?.toUpperCase() === word) {
      at += 1;
      parts.push(operand());
    }
    return (stateOf) => (all ? parts.every((part) => part(stateOf)) : parts.some((part) => part(stateOf)));
  };
  const either = (): CompositeRule => joined('OR', both, false);
  const both = (): CompositeRule => joined('AND', one, true);
  const one = (): CompositeRule => {
    const token = next().toUpperCase();
    if (token === '(') {
      const inner = either();
      expect(')');
      return inner;
    }
    if (token === 'NOT') {
      const inner = one();
      return (stateOf) => !inner(stateOf);
    }
    if (token === 'TRUE' || token === 'FALSE') return () => token === 'TRUE';
    if (token !== 'ALARM' && token !== 'OK' && token !== 'INSUFFICIENT_DATA') {
      throw new Error(`the rule ${text} has ${token} in place of a state`);
    }
    expect('(');
    const alarm = next();
    expect(')');
    const name = alarm.startsWith('arn:') ? alarm.split(':').slice(6).join(':') : alarm;
    return (stateOf) => stateOf(name) === token;
  };
  const rule = either();
  if (at < tokens.length) throw new Error(`the rule ${text} goes on after its end`);
  return rule;
}

function* tokensOf(text: string): Generator<string> {
  const trimmed = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const found = TOKEN.exec(trimmed);
    if (found === null) throw new Error(`the rule ${text} has an open quote`);
    yield found[1] ?? found[2] ?? found[3]!;
  }
}
