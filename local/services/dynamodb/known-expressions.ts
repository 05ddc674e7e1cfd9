/** Members of the request that an expression refers to; the parser takes each one it met out of the unused ones. */
interface ExpressionContext {
  readonly attrNames?: Readonly<Record<string, string>>;
  readonly attrVals?: Readonly<Record<string, object>>;
  readonly unusedAttrNames: Record<string, true>;
  readonly unusedAttrVals: Record<string, true>;
}

/** One of dynalite's. Gives a tree that holds the request's values themselves, or the text of an error. */
export interface ExpressionParser {
  parse(text: string, options: { context: ExpressionContext }): unknown;
}

/** Stands for a value of the request. */
class Slot {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

interface Known {
  readonly tree: unknown;
  readonly names: readonly string[];
  readonly values: readonly string[];
}

/** Programs have few expressions; one that makes ever new ones must not fill the memory. */
const MOST = 500;
/** Where a value itself is checked, not only its type. */
const READS_VALUES = /attribute_type|between/i;

/**
 * Makes the parser remember what it parsed: parsing is more work than all the rest of a request, and programs send the
 * same expressions with other values over and over.
 */
export function rememberExpressions(parser: ExpressionParser): void {
  const parse = parser.parse;
  const known = new Map<string, Known>();
  parser.parse = (text, { context }) => {
    if (READS_VALUES.test(text)) return parse(text, { context });
    const { attrNames = {}, attrVals = {} } = context;
    const key = JSON.stringify([
      text,
      attrNames,
      Object.entries(attrVals).map(([name, value]) => [name, typeOf(value)]),
    ]);
    let found = known.get(key);
    if (found === undefined) {
      const own = { ...context, unusedAttrNames: unused(attrNames), unusedAttrVals: unused(attrVals) };
      const tree = parse(text, { context: own });
      if (typeof tree !== 'object') return tree;
      const slots = new Map(Object.entries(attrVals).map(([name, value]) => [value, new Slot(name)]));
      found = {
        tree: copy(tree, (node) => slots.get(node)),
        names: Object.keys(attrNames).filter((name) => !(name in own.unusedAttrNames)),
        values: Object.keys(attrVals).filter((name) => !(name in own.unusedAttrVals)),
      };
      if (known.size >= MOST) known.clear();
      known.set(key, found);
    }
    for (const name of found.names) delete context.unusedAttrNames[name];
    for (const name of found.values) delete context.unusedAttrVals[name];
    // The actions change the tree as they work on it.
    return copy(found.tree, (node) => (node instanceof Slot ? attrVals[node.name] : undefined));
  };
}

const typeOf = (value: object): string | undefined => Object.keys(value)[0];

const unused = (members: object): Record<string, true> =>
  Object.fromEntries(Object.keys(members).map((name) => [name, true]));

/** A copy of the tree, with other nodes in the place of some. */
function copy(node: unknown, replaced: (node: object) => object | undefined): unknown {
  if (typeof node !== 'object' || node === null) return node;
  const other = replaced(node);
  if (other !== undefined) return other;
  if (Array.isArray(node)) return node.map((element) => copy(element, replaced));
  const own: Record<string, unknown> = Object.create(Object.getPrototypeOf(node));
  for (const [name, member] of Object.entries(node)) own[name] = copy(member, replaced);
  return own;
}
