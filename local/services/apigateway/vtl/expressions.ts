import { isContextName } from '../context.ts';
import type { Value } from './json.ts';
import { callMethod, checkLiterals, checkMethod, elementOf, memberOf } from './methods.ts';
import { attempt, type Evaluate, type Run, type Write } from './run.ts';
import { INPUT, type RootFunction, UTIL } from './scope.ts';
import {
  type Expression,
  lineOf,
  type Node,
  parseTemplate,
  type Reference,
  type Step,
  TemplateFault,
  textIn,
} from './syntax.ts';
import { areEqual, calculate, compare, isMap, isTrue, javaType } from './values.ts';

type Follow = (value: Value, run: Run) => Value;

/** What surrounds an expression. */
export interface Surroundings {
  /** The variables that the template gives a value somewhere. */
  readonly variables: ReadonlySet<string>;
  isInLoop(): boolean;
  /** For the references and directives in a double-quoted text. */
  sequence(nodes: readonly Node[]): Write;
}

/** Turns expressions into closures; whatever has a meaning it does not know is refused. */
export class ExpressionCompiler {
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** @throws TemplateFault */
  expression(node: Expression, line: number): Evaluate {
    switch (node.type) {
      case 'references':
        return this.reference(node, line);
      case 'string':
        return this.#text(node.value, node.isEval === true, line);
      case 'integer':
      case 'decimal': {
        const number = Number(node.value);
        if (node.type === 'integer' && !Number.isSafeInteger(number))
          throw new TemplateFault(`${node.value} is too large`, line);
        return () => number;
      }
      case 'bool': {
        if (node.value === 'null')
          throw new TemplateFault('Velocity has no literal null: negate the reference by !', line);
        const value = node.value === 'true';
        return () => value;
      }
      case 'array':
        return this.#list(node, line);
      case 'map':
        return this.#map(Object.entries(node.value ?? {}), line);
      case 'math':
        return this.#operation(node.operator, node.expression, line);
      default:
        throw new TemplateFault('an expression of an unknown kind', line);
    }
  }

  /** @throws TemplateFault */
  reference(node: Reference, line = lineOf(node)): Evaluate {
    const construct = textIn(node);
    const { start, rest } = attempt(() => this.#root(node, line), construct, line);
    if (rest.length === 0) return (run) => attempt(() => start(run), construct, line);
    const follows = rest.map((step) => attempt(() => this.#step(step, line), construct, line));
    return (run) => attempt(() => follows.reduce((value, follow) => follow(value, run), start(run)), construct, line);
  }

  /** The names after `$context`. @throws TemplateFault */
  contextName(node: Reference, line = lineOf(node)): string {
    const names = (node.path ?? []).map((step) => nameIn(step));
    if (names.includes(undefined)) throw new TemplateFault(`${textIn(node)}: $context has literal names only`, line);
    return names.join('.');
  }

  #root(node: Reference, line: number): { start: Evaluate; rest: readonly Step[] } {
    const [first, ...rest] = node.path ?? [];
    switch (node.id) {
      case 'input':
        if (first?.type === 'property' && first.id === 'body')
          return { start: ({ scope }) => scope.payload.text, rest };
        return { start: this.#call(INPUT, first, line), rest };
      case 'util':
        return { start: this.#call(UTIL, first, line), rest };
      case 'context':
        return this.#context(node, line);
      case 'stageVariables': {
        const name = first && nameIn(first);
        if (name === undefined) throw new Error('$stageVariables has literal names only');
        return { start: ({ scope }) => memberOf(scope.stageVariables, name), rest };
      }
      case 'foreach':
        return { start: this.#loop(first), rest };
      default:
        if (!this.#surroundings.variables.has(node.id)) throw new Error('nothing sets this variable');
        return { start: ({ variables }) => variables.get(node.id) ?? null, rest: node.path ?? [] };
    }
  }

  #call(functions: Readonly<Record<string, RootFunction>>, step: Step | undefined, line: number): Evaluate {
    const found = step?.type === 'method' && Object.hasOwn(functions, step.id) ? functions[step.id] : undefined;
    if (!found || step?.type !== 'method')
      throw new Error(`has ${Object.keys(functions).join('(), ')}() and nothing else here`);
    const nodes = step.args || [];
    if (nodes.length < found.takes[0] || nodes.length > found.takes[1]) {
      throw new Error(`${step.id}() takes ${found.takes[1]} argument`);
    }
    const literal = nodes[0] && literalOf(nodes[0]);
    if (typeof literal === 'string') found.check?.(literal);
    const values = nodes.map((node) => this.expression(node, line));
    return (run) => found.call(run.scope, ...values.map((evaluate) => needText(step.id, evaluate(run))));
  }

  #context(node: Reference, line: number): { start: Evaluate; rest: readonly Step[] } {
    const path = node.path ?? [];
    const methodAt = path.findIndex(({ type }) => type === 'method');
    const own = methodAt === -1 ? path : path.slice(0, methodAt);
    const name = this.contextName({ ...node, path: own }, line);
    if (!isContextName(name)) throw new Error('$context has no such variable here');
    return { start: ({ scope }) => scope.context.get(name), rest: path.slice(own.length) };
  }

  #loop(step: Step | undefined): Evaluate {
    if (!this.#surroundings.isInLoop()) throw new Error('outside of #foreach');
    const values: Record<string, (loop: Run['loops'][number]) => Value> = {
      index: ({ index }) => index,
      count: ({ index }) => index + 1,
      hasNext: ({ index, length }) => index + 1 < length,
    };
    const value = step?.type === 'property' ? values[step.id] : undefined;
    if (!value) throw new Error('has index, count and hasNext only here');
    return ({ loops }) => value(loops.at(-1)!);
  }

  #step(step: Step, line: number): Follow {
    if (step.type === 'property') return (value) => property(value, step.id);
    if (step.type === 'index') {
      const index = this.expression(step.id, line);
      return (value, run) => indexed(value, index(run));
    }
    const nodes = step.args || [];
    checkMethod(step.id, nodes.length);
    checkLiterals(step.id, nodes.map(literalOf));
    const values = nodes.map((node) => this.expression(node, line));
    return (value, run) =>
      callMethod(
        value,
        step.id,
        values.map((evaluate) => evaluate(run)),
      );
  }

  #text(text: string, interpolated: boolean, line: number): Evaluate {
    // Velocity 1 has no escapes in texts; the parser unescapes this one.
    if (text.includes(interpolated ? '"' : "'"))
      throw new TemplateFault('an escaped quote: use the other kind around it', line);
    if (!interpolated || !/[$#]/.test(text)) return () => text;
    const write = this.#surroundings.sequence(parseTemplate(text));
    return (run) => {
      const before = run.out;
      run.out = '';
      write(run);
      const result = run.out;
      run.out = before;
      return result;
    };
  }

  #list(node: Expression & { type: 'array' }, line: number): Evaluate {
    if (!node.isRange) {
      const values = (node.value as Expression[]).map((each) => this.expression(each, line));
      return (run) => values.map((evaluate) => evaluate(run));
    }
    const [first, last] = node.value.map(
      (each): Evaluate => (typeof each === 'object' ? this.expression(each, line) : () => Number(each)),
    );
    return (run) => range(first!(run), last!(run));
  }

  #map(entries: readonly [string, Expression][], line: number): Evaluate {
    const members = entries.map(([key, node]) => [key, this.expression(node, line)] as const);
    return (run) => Object.fromEntries(members.map(([key, evaluate]) => [key, evaluate(run)]));
  }

  #operation(operator: string, nodes: readonly Expression[], line: number): Evaluate {
    const mixes = (other: string) => nodes.some((node) => node.type === 'math' && node.operator === other);
    if ((operator === '&&' && mixes('||')) || (operator === '||' && mixes('&&'))) {
      // The parser gives both the same rank, Velocity does not.
      throw new TemplateFault('&& beside || needs parentheses here', line);
    }
    const [left, right] = nodes.map((node) => this.expression(node, line)) as [Evaluate, Evaluate];
    const compute = OPERATORS[operator];
    if (!compute) throw new TemplateFault(`operator ${operator} is not known here`, line);
    return (run) => attempt(() => compute(left, right, run), operator, line);
  }
}

const OPERATORS: Readonly<Record<string, (left: Evaluate, right: Evaluate, run: Run) => Value>> = {
  parenthesis: (left, _, run) => left(run),
  not: (left, _, run) => !isTrue(left(run)),
  '&&': (left, right, run) => isTrue(left(run)) && isTrue(right(run)),
  '||': (left, right, run) => isTrue(left(run)) || isTrue(right(run)),
  '==': (left, right, run) => areEqual(left(run), right(run)),
  '!=': (left, right, run) => !areEqual(left(run), right(run)),
  '<': (left, right, run) => compare(left(run), right(run)) < 0,
  '<=': (left, right, run) => compare(left(run), right(run)) <= 0,
  '>': (left, right, run) => compare(left(run), right(run)) > 0,
  '>=': (left, right, run) => compare(left(run), right(run)) >= 0,
  '+': (left, right, run) => calculate('+', left(run), right(run)),
  '-': (left, right, run) => calculate('-', left(run), right(run)),
  '*': (left, right, run) => calculate('*', left(run), right(run)),
  '/': (left, right, run) => calculate('/', left(run), right(run)),
  '%': (left, right, run) => calculate('%', left(run), right(run)),
};

function literalOf(node: Expression): string | undefined {
  return node.type === 'string' && !(node.isEval && /[$#][\w{!@]/.test(node.value)) ? node.value : undefined;
}

/** `.name` or `['name']`. */
function nameIn(step: Step): string | undefined {
  if (step.type === 'property') return step.id;
  return step.type === 'index' ? literalOf(step.id) : undefined;
}

function needText(name: string, value: Value): string {
  if (typeof value !== 'string') throw new Error(`${name}() takes a String, not a ${javaType(value)}`);
  return value;
}

/** A member of a Map; of null it is null, as in Velocity. */
function property(value: Value, name: string): Value {
  if (value === null) return null;
  if (!isMap(value) || name === 'class') throw new Error(`a ${javaType(value)} has no property ${name} here`);
  return memberOf(value, name);
}

function indexed(value: Value, index: Value): Value {
  if (value === null) return null;
  if (Array.isArray(value) && typeof index === 'number') return elementOf(value, index);
  if (isMap(value) && typeof index === 'string') return memberOf(value, index);
  throw new Error(`a ${javaType(value)} has no index of a ${javaType(index)}`);
}

function range(first: Value, last: Value): Value {
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last)) throw new Error('a range needs integers');
  const [from, to] = [first as number, last as number];
  if (Math.abs(to - from) > 10_000) throw new Error(`the range [${from}..${to}] is too long`);
  return Array.from({ length: Math.abs(to - from) + 1 }, (_, i) => (from <= to ? from + i : from - i));
}
