import { type Place, TemplateError } from './errors.ts';
import { references } from './intrinsics.ts';

/** What dependency order looks at in a resource of a template. */
export interface Node {
  readonly DependsOn?: string | readonly string[];
  readonly Properties?: unknown;
}

/**
 * The logical ids in an order in which each comes after everything it refers to; otherwise the template's order.
 * @throws TemplateError for a cycle, with the ids on it
 */
export function dependencyOrder(
  resources: Readonly<Record<string, Node>>,
  placeOf: (logicalId: string) => Place,
): string[] {
  const order: string[] = [];
  const done = new Set<string>();
  const visit = (logicalId: string, trail: readonly string[]): void => {
    if (done.has(logicalId)) return;
    if (trail.includes(logicalId)) {
      const cycle = [...trail.slice(trail.indexOf(logicalId)), logicalId];
      throw new TemplateError(placeOf(logicalId), `circular dependency ${cycle.join(' -> ')}`);
    }
    for (const dependency of dependenciesOf(resources[logicalId]!, placeOf(logicalId))) {
      if (Object.hasOwn(resources, dependency)) visit(dependency, [...trail, logicalId]);
    }
    done.add(logicalId);
    order.push(logicalId);
  };
  for (const logicalId of Object.keys(resources)) visit(logicalId, []);
  return order;
}

/** The names a resource depends on: explicit ones first, then those its properties refer to. */
function dependenciesOf(resource: Node, place: Place): string[] {
  const explicit = resource.DependsOn === undefined ? [] : [resource.DependsOn].flat();
  const implied = references(resource.Properties, { ...place, property: 'Properties' }).map(({ name }) => name);
  return [...new Set([...explicit, ...implied])];
}
