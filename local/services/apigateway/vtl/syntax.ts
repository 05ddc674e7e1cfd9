import { parse } from 'velocityjs';

export type Expression =
  | Reference
  | { readonly type: 'string'; readonly value: string; readonly isEval?: boolean }
  | { readonly type: 'integer' | 'decimal'; readonly value: string | number }
  | { readonly type: 'bool'; readonly value: 'true' | 'false' | 'null' }
  | { readonly type: 'array'; readonly value: readonly (Expression | string | number)[]; readonly isRange?: boolean }
  | { readonly type: 'map'; readonly value?: Readonly<Record<string, Expression>> }
  | { readonly type: 'math'; readonly operator: string; readonly expression: readonly Expression[] };

export type Step =
  | { readonly type: 'property'; readonly id: string }
  | { readonly type: 'index'; readonly id: Expression }
  | { readonly type: 'method'; readonly id: string; readonly args: readonly Expression[] | false };

export interface Reference {
  readonly type: 'references';
  readonly id: string;
  readonly leader: string;
  readonly path?: readonly Step[];
  readonly args?: unknown;
  readonly pos?: Position;
}

interface Position {
  readonly first_line: number;
}

export type Directive =
  | { readonly type: 'set'; readonly equal: readonly [Reference, Expression]; readonly pos?: Position }
  | { readonly type: 'if' | 'elseif'; readonly condition: Expression; readonly pos?: Position }
  | { readonly type: 'foreach'; readonly to: string; readonly from: Expression; readonly pos?: Position }
  | { readonly type: 'else' | 'break' | 'stop' | 'comment'; readonly pos?: Position };

/** A block begins with its directive. */
export type Block = readonly [Directive, ...Node[]];
export type Node = string | Reference | Directive | Block;

/** What is wrong in a template, at deploy or while it renders; `MappingTemplateError` adds which template. */
export class TemplateFault extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.name = 'TemplateFault';
    this.line = line;
  }
}

export const isBlock = (node: Node): node is Block => Array.isArray(node);

export const lineOf = (node: { readonly pos?: Position }): number => node.pos?.first_line ?? 1;

/** The reference as the template has it, but for its arguments. */
export function textIn({ leader, id, path }: Reference): string {
  const steps = path?.map((step) =>
    step.type === 'index' ? '[…]' : step.type === 'method' ? `.${step.id}()` : `.${step.id}`,
  );
  return `${leader.slice(0, 1)}${id}${steps?.join('') ?? ''}`;
}

const LONGEST = 300 * 1024;
const DIRECTIVES = ['set', 'if', 'elseif', 'else', 'foreach', 'break', 'comment'];

/**
 * The syntax tree of a mapping template. Refuses what the parser lets through as text and what it reads otherwise than Velocity.
 * @throws TemplateFault
 */
export function parseTemplate(source: string): readonly Node[] {
  if (source.length > LONGEST) throw new TemplateFault('longer than the 300 KB that API Gateway takes', 1);
  const escaped = /\\[$#]/.exec(source);
  if (escaped) {
    throw new TemplateFault(
      `${escaped[0]} is not known here: put the character in a variable`,
      lineAt(source, escaped.index),
    );
  }
  const nodes = joinText(parsed(source), source);
  checkBalance(source);
  return nodes;
}

function parsed(source: string): readonly Node[] {
  try {
    return parse(source) as unknown as Node[];
  } catch (error) {
    const message = (error as Error).message;
    throw new TemplateFault(
      message.replace(/\n[\s\S]*?Expecting /, ' expecting '),
      Number(/line (\d+)/.exec(message)?.[1] ?? 1),
    );
  }
}

/** The parser forgives a missing or surplus `#end`; within a block of ours neither comes out even. */
function checkBalance(source: string): void {
  const nodes = parsed(`#if(true)\n${source}\n#end.`);
  if (nodes.length !== 2 || nodes[1] !== '.') throw new TemplateFault('#end does not match its #if or #foreach', 1);
}

/** The parser cuts text at every `$` and `#`, and knows neither `#stop` nor that a directive is misspelt. */
function joinText(nodes: readonly Node[], source: string): Node[] {
  const joined: Node[] = [];
  for (const node of nodes) {
    const last = joined.at(-1);
    if (typeof node === 'string') {
      if (typeof last === 'string') joined[joined.length - 1] = last + node;
      else joined.push(node);
    } else if (isBlock(node)) {
      const [directive, ...body] = node;
      joined.push([known(directive), ...joinText(body, source)]);
    } else {
      joined.push(known(node));
    }
  }
  return joined.flatMap((node) => (typeof node === 'string' ? splitStops(node, source) : [node]));
}

function splitStops(text: string, source: string): Node[] {
  return text.split(/#stop\b|#\{stop\}/).flatMap((part, i): Node[] => {
    const unread = /[$]!?\{?[a-zA-Z_]\w*|#[{@]?[a-zA-Z]\w*/.exec(part);
    if (unread) throw new TemplateFault(`${unread[0]} is not known here`, lineAt(source, source.indexOf(unread[0])));
    return i === 0 ? [part] : [{ type: 'stop' }, part];
  });
}

function known<T extends Reference | Directive>(node: T): T {
  if (node.type === 'references') {
    if (node.args !== undefined) throw new TemplateFault(`$${node.id}(…) is a call of nothing`, lineOf(node));
  } else if (!DIRECTIVES.includes(node.type)) {
    const name = (node as { id?: string }).id ?? node.type;
    throw new TemplateFault(`#${name} is not known here`, lineOf(node));
  }
  return node;
}

const lineAt = (source: string, index: number): number => source.slice(0, Math.max(0, index)).split('\n').length;
