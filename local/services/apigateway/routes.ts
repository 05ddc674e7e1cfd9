import type { Method } from './method.ts';

/** A path part of an API: `streams`, `{name}` or `{name+}`. */
export interface Resource {
  readonly path: string;
  readonly id: string;
  readonly children: Map<string, Resource>;
  readonly methods: Map<string, Method>;
}

export interface Match {
  readonly resource: Resource;
  readonly method: Method;
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * The method for the parts of a path. A literal part goes before `{name}`, and that before `{name+}`.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html
 */
export function findMethod(root: Resource, parts: readonly string[], httpMethod: string): Match | undefined {
  const found = findResource(root, parts);
  const method = found?.resource.methods.get(httpMethod) ?? found?.resource.methods.get('ANY');
  return found && method && { ...found, method };
}

function findResource(resource: Resource, parts: readonly string[]): Omit<Match, 'method'> | undefined {
  const [part, ...rest] = parts;
  if (part === undefined) return resource.methods.size > 0 ? { resource, parameters: {} } : undefined;
  const literal = resource.children.get(part);
  const found = literal && !isVariable(part) ? findResource(literal, rest) : undefined;
  if (found || part === '') return found;
  for (const [name, child] of resource.children) {
    if (!isVariable(name) || isGreedy(name)) continue;
    const below = findResource(child, rest);
    if (below) return { ...below, parameters: { ...below.parameters, [name.slice(1, -1)]: part } };
  }
  const [name, greedy] = [...resource.children].find(([each]) => isGreedy(each)) ?? [];
  if (!name || !greedy) return undefined;
  return { resource: greedy, parameters: { [name.slice(1, -2)]: parts.join('/') } };
}

const isVariable = (name: string): boolean => name.startsWith('{');
const isGreedy = (name: string): boolean => name.endsWith('+}');

/**
 * The parts of a path below its stage, percent-decoded. Lenient where AWS is not: the stage may be another or missing
 * (a first part that is no resource below the root is one), and empty parts before and behind it are dropped, so that `//streams/x`
 * and a base URL with a slash at its end work. An empty part further in stays, and no resource has it.
 * @throws URIError for a broken percent-encoding
 */
export function partsOf(root: Resource, pathname: string): string[] {
  const parts = pathname.split('/').map(decodeURIComponent);
  if (parts.at(-1) === '') parts.pop();
  dropEmpty(parts);
  if (parts.length > 0 && !root.children.has(parts[0]!)) {
    parts.shift();
    dropEmpty(parts);
  }
  return parts;
}

function dropEmpty(parts: string[]): void {
  while (parts[0] === '') parts.shift();
}
