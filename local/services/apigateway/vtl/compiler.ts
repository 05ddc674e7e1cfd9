import { isContextName } from '../context.ts';
import { ExpressionCompiler } from './expressions.ts';
import type { Value } from './json.ts';
import { attempt, type Evaluate, type Write } from './run.ts';
import {
  type Block,
  type Directive,
  isBlock,
  lineOf,
  type Node,
  parseTemplate,
  type Reference,
  TemplateFault,
  textIn,
} from './syntax.ts';
import { isTrue, textOf } from './values.ts';

/** Velocity's `directive.foreach.maxloops` as API Gateway sets it; there the loop ends silently. */
const MOST_ITERATIONS = 1000;

/** Turns a template into closures, once; rendering touches no syntax tree. */
export class Compiler {
  readonly #nodes: readonly Node[];
  readonly #expressions: ExpressionCompiler;
  #loops = 0;

  /** @throws TemplateFault */
  constructor(source: string) {
    this.#nodes = parseTemplate(source);
    this.#expressions = new ExpressionCompiler({
      variables: assigned(this.#nodes),
      isInLoop: () => this.#loops > 0,
      sequence: (nodes) => this.#sequence(nodes),
    });
  }

  /** @throws TemplateFault */
  compile(): Write {
    return this.#sequence(this.#nodes);
  }

  #sequence(nodes: readonly Node[]): Write {
    const writes = nodes.map((node) => this.#node(node));
    return (run) => {
      for (const write of writes) {
        write(run);
        if (run.halt !== 'no') return;
      }
    };
  }

  #node(node: Node): Write {
    if (typeof node === 'string')
      return (run) => {
        run.out += node;
      };
    if (isBlock(node)) return this.#block(node);
    switch (node.type) {
      case 'references':
        return this.#output(node);
      case 'set':
        return this.#set(node);
      case 'break':
        if (this.#loops === 0) throw new TemplateFault('#break outside of #foreach', lineOf(node));
        return (run) => {
          run.halt = 'break';
        };
      case 'stop':
        return (run) => {
          run.halt = 'stop';
        };
      case 'comment':
        return () => {};
      default:
        throw new TemplateFault(`#${node.type} stands alone`, lineOf(node));
    }
  }

  #output(node: Reference): Write {
    const evaluate = this.#expressions.reference(node);
    const quiet = node.leader.includes('!');
    const empty = quiet || node.id === 'context';
    return (run) => {
      const value = evaluate(run);
      if (value !== null) run.out += attempt(() => textOf(value), textIn(node), lineOf(node));
      else if (!empty)
        throw new TemplateFault(`${textIn(node)} has no value, so Velocity would print its name`, lineOf(node));
    };
  }

  #set(node: Directive & { type: 'set' }): Write {
    const [target, source] = node.equal;
    const evaluate = this.#expressions.expression(source, lineOf(node));
    if (target.id === 'context') return this.#override(target, evaluate, lineOf(node));
    if (target.path || ['input', 'util', 'stageVariables', 'foreach'].includes(target.id)) {
      throw new TemplateFault(`#set of ${textIn(target)} is not known here; a Map has put()`, lineOf(node));
    }
    return (run) => {
      const value = evaluate(run);
      // Velocity 1 keeps the old value, Velocity 2 sets null: a template must not depend on which it is.
      if (value === null && (run.variables.get(target.id) ?? null) !== null) {
        throw new TemplateFault(`#set($${target.id} = …) of null over a value: keep it apart by #if`, lineOf(node));
      }
      run.variables.set(target.id, value);
    };
  }

  #override(target: Reference, evaluate: Evaluate, line: number): Write {
    const name = this.#expressions.contextName(target, line);
    if (!/^(requestOverride|responseOverride)\./.test(name) || !isContextName(name)) {
      throw new TemplateFault(`$context.${name} cannot be set`, line);
    }
    return (run) => {
      const value = evaluate(run);
      if (value === null) throw new TemplateFault(`$context.${name} is set to null`, line);
      attempt(() => run.scope.context.override(name, textOf(value)), `$context.${name}`, line);
    };
  }

  #block([directive, ...body]: Block): Write {
    if (directive.type === 'if') return this.#choice(directive, body);
    if (directive.type === 'foreach') return this.#loop(directive, body);
    throw new TemplateFault(`#${directive.type} is not known here`, lineOf(directive));
  }

  #choice(first: Directive & { type: 'if' | 'elseif' }, body: readonly Node[]): Write {
    const branches: { condition: Evaluate; nodes: Node[] }[] = [];
    let closed = false;
    for (const node of [first, ...body]) {
      const type = typeof node === 'string' || isBlock(node) ? 'body' : node.type;
      if (type === 'if' || type === 'elseif' || type === 'else') {
        const directive = node as Directive;
        if (closed) throw new TemplateFault(`#${type} after #else`, lineOf(directive));
        closed = type === 'else';
        const condition: Evaluate =
          'condition' in directive ? this.#expressions.expression(directive.condition, lineOf(directive)) : () => true;
        branches.push({ condition, nodes: [] });
      } else {
        branches.at(-1)!.nodes.push(node);
      }
    }
    const compiled = branches.map(({ condition, nodes }) => ({ condition, write: this.#sequence(nodes) }));
    return (run) => compiled.find(({ condition }) => isTrue(condition(run)))?.write(run);
  }

  #loop(directive: Directive & { type: 'foreach' }, body: readonly Node[]): Write {
    const line = lineOf(directive);
    const from = this.#expressions.expression(directive.from, line);
    this.#loops++;
    const write = this.#sequence(body);
    this.#loops--;
    return (run) => {
      const items = itemsOf(from(run), line);
      const before = run.variables.get(directive.to);
      const loop = { index: 0, length: items.length };
      run.loops.push(loop);
      for (const item of items) {
        run.variables.set(directive.to, item);
        write(run);
        loop.index++;
        if (run.halt !== 'no') break;
      }
      run.loops.pop();
      if (run.halt === 'break') run.halt = 'no';
      if (before === undefined) run.variables.delete(directive.to);
      else run.variables.set(directive.to, before);
    };
  }
}

function itemsOf(value: Value, line: number): readonly Value[] {
  if (value === null) return [];
  if (typeof value !== 'object' || 'rawJSON' in value)
    throw new TemplateFault('#foreach over what is no List or Map', line);
  const items = Array.isArray(value) ? value : Object.values(value);
  if (items.length > MOST_ITERATIONS) {
    throw new TemplateFault(
      `#foreach over ${items.length} elements; API Gateway stops silently after ${MOST_ITERATIONS}`,
      line,
    );
  }
  return items;
}

/** Every variable that the template gives a value somewhere. */
function assigned(nodes: readonly Node[]): Set<string> {
  const names = new Set<string>();
  for (const node of nodes) {
    if (typeof node === 'string') continue;
    if (isBlock(node)) for (const name of assigned(node)) names.add(name);
    else if (node.type === 'set') names.add(node.equal[0].id);
    else if (node.type === 'foreach') names.add(node.to);
  }
  return names;
}
