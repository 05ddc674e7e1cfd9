import { ServiceError } from '../../service.ts';

/** A metric math expression as a tree. */
export type Node =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  /** Of another query, or a keyword such as REPEAT. */
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[] }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Node }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Node; readonly right: Node };

const TOKEN =
  /\s*(?:(?<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\.\d+)|(?<text>"[^"]*"|'[^']*')|(?<name>[A-Za-z_]\w*)|(?<sign>\|\||&&|[<>=!]=|[-+*/^<>()[\],]))/y;

/** The looser ones first. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html */
const LEVELS: readonly (readonly string[])[] = [
  ['||', 'OR'],
  ['&&', 'AND'],
  ['==', '!='],
  ['<', '>', '<=', '>='],
  ['+', '-'],
  ['*', '/'],
];

type Token = { readonly type: 'number' | 'text' | 'name' | 'sign'; readonly text: string };

/** @throws ServiceError ValidationError */
export function parse(expression: string): Node {
  const tokens = tokensOf(expression);
  let at = 0;
  const fail = (): never => {
    const near = tokens[at] === undefined ? 'its end' : `"${tokens[at]!.text}"`;
    throw new ServiceError('ValidationError', `The expression ${expression} is not valid: look near ${near}.`);
  };
  const is = (...texts: readonly string[]): boolean =>
    tokens[at] !== undefined && tokens[at]!.type !== 'text' && texts.includes(tokens[at]!.text);
  const take = (): Token => tokens[at++] ?? fail();
  const expect = (text: string): void => {
    if (!is(text)) fail();
    at += 1;
  };

  const level = (depth: number): Node => {
    if (depth === LEVELS.length) return unary();
    let left = level(depth + 1);
    while (is(...LEVELS[depth]!)) {
      const operator = take().text;
      left = { kind: 'binary', operator, left, right: level(depth + 1) };
    }
    return left;
  };
  const unary = (): Node => {
    if (is('-', '+')) return { kind: 'unary', operator: take().text, operand: unary() };
    const base = primary();
    if (!is('^')) return base;
    take();
    return { kind: 'binary', operator: '^', left: base, right: unary() };
  };
  const items = (end: string): Node[] => {
    const found: Node[] = [];
    while (!is(end)) {
      if (found.length > 0) expect(',');
      found.push(level(0));
    }
    expect(end);
    return found;
  };
  const primary = (): Node => {
    if (is('(')) {
      take();
      const inner = level(0);
      expect(')');
      return inner;
    }
    if (is('[')) {
      take();
      return { kind: 'list', items: items(']') };
    }
    const { type, text } = take();
    if (type === 'number') return { kind: 'number', value: Number(text) };
    if (type === 'text') return { kind: 'text', value: text.slice(1, -1) };
    if (type === 'sign') {
      at -= 1;
      return fail();
    }
    if (!is('(')) return { kind: 'name', name: text };
    take();
    return { kind: 'call', name: text.toUpperCase(), args: items(')') };
  };

  const whole = level(0);
  if (at < tokens.length) fail();
  return whole;
}

/** Every name in it, queries and keywords. */
export function namesIn(node: Node): string[] {
  switch (node.kind) {
    case 'name':
      return [node.name];
    case 'list':
      return node.items.flatMap(namesIn);
    case 'call':
      return node.args.flatMap(namesIn);
    case 'unary':
      return namesIn(node.operand);
    case 'binary':
      return [...namesIn(node.left), ...namesIn(node.right)];
    default:
      return [];
  }
}

function tokensOf(expression: string): Token[] {
  const text = expression.trimEnd();
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const start = TOKEN.lastIndex;
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) {
      throw new ServiceError(
        'ValidationError',
        `The expression ${expression} is not valid: look near "${text.slice(start)}".`,
      );
    }
    const [type, found] = Object.entries(groups).find(([, value]) => value !== undefined)!;
    tokens.push({ type: type as Token['type'], text: found! });
  }
  return tokens;
}
