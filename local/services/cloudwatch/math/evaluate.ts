import { ServiceError } from '../../service.ts';
import { FUNCTIONS } from './functions.ts';
import type { Node } from './parse.ts';
import { lifted, type Value } from './value.ts';

/** What an expression can see. */
export interface Scope {
  /** The value of another query. */
  value(id: string): Value;
  /** The metrics of the request whose ids contain `part`, for METRICS(). */
  metrics(part: string): Value;
  /** Starts of the periods asked for, milliseconds. */
  readonly periods: readonly number[];
  readonly periodSeconds: number;
}

const flag = (yes: boolean): number => (yes ? 1 : 0);

const OPERATORS: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '^': (a, b) => a ** b,
  '<': (a, b) => flag(a < b),
  '>': (a, b) => flag(a > b),
  '<=': (a, b) => flag(a <= b),
  '>=': (a, b) => flag(a >= b),
  '==': (a, b) => flag(a === b),
  '!=': (a, b) => flag(a !== b),
  '&&': (a, b) => flag(a !== 0 && b !== 0),
  AND: (a, b) => flag(a !== 0 && b !== 0),
  '||': (a, b) => flag(a !== 0 || b !== 0),
  OR: (a, b) => flag(a !== 0 || b !== 0),
};

/** @throws ServiceError ValidationError, also for functions that are not there */
export function evaluate(node: Node, scope: Scope): Value {
  switch (node.kind) {
    case 'number':
      return node.value;
    case 'text':
      throw new ServiceError('ValidationError', `The text "${node.value}" is no value.`);
    case 'name':
      return scope.value(node.name);
    case 'list':
      return node.items.flatMap((item) => {
        const value = evaluate(item, scope);
        return Array.isArray(value) ? value : [value as Exclude<Value, readonly unknown[]>];
      });
    case 'unary':
      return lifted(evaluate(node.operand, scope), -1, node.operator === '-' ? (a, b) => a * b : (a) => a);
    case 'binary':
      return lifted(evaluate(node.left, scope), evaluate(node.right, scope), OPERATORS[node.operator]!);
    case 'call': {
      const found = Object.hasOwn(FUNCTIONS, node.name) ? FUNCTIONS[node.name] : undefined;
      if (found !== undefined) return found(node.args, scope, (arg) => evaluate(arg, scope));
      const names = Object.keys(FUNCTIONS).sort().join(', ');
      throw new ServiceError(
        'ValidationError',
        `The function ${node.name} of metric math is not supported here. There are ${names}.`,
      );
    }
  }
}
