import { undeclaredProperties } from '../resources/check.ts';
import type { ResourceType } from '../resources/resource.ts';
import type { Assembly, Stack, TemplateResource } from './assembly.ts';
import { DeployError, describePlace, type Place } from './errors.ts';
import { dependencyOrder } from './graph.ts';
import { chooseBranches, references, type Scope } from './intrinsics.ts';
import { placeIn, stackScope, type Target } from './scope.ts';

/** A resource to create, in its turn. */
export interface PlannedResource {
  readonly logicalId: string;
  readonly type: ResourceType;
  readonly declared: TemplateResource;
  readonly place: Place;
}

export interface PlannedStack {
  readonly stack: Stack;
  readonly resources: readonly PlannedResource[];
}

const SECTIONS = [
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Conditions',
  'Resources',
  'Outputs',
];
/** `Rules` holds CDK's check of the bootstrap version, which has nothing to check here. */
const INERT_SECTIONS = ['Rules'];
const ATTRIBUTES = [
  'Type',
  'Properties',
  'DependsOn',
  'Condition',
  'Metadata',
  'DeletionPolicy',
  'UpdateReplacePolicy',
];
const SKIPPED_TYPES = ['AWS::CDK::Metadata'];

/**
 * Puts every stack's resources in order and checks everything that can be known before anything exists.
 * @throws DeployError with all that is wrong, each with stack, logical id, construct path and property
 */
export function planDeployment(
  assembly: Assembly,
  types: ReadonlyMap<string, ResourceType>,
  target: Target,
): PlannedStack[] {
  const problems: string[] = [];
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      problems.push((error as Error).message);
      return undefined;
    }
  };
  const plan = assembly.stacks.map((stack): PlannedStack => {
    const scope = stackScope(stack, target, new Map(), { exports: new Map(), outputs: new Map() });
    problems.push(...sectionProblems(stack));
    const present = Object.entries(stack.template.Resources).filter(
      ([logicalId, { Type, Condition }]) =>
        !SKIPPED_TYPES.includes(Type) &&
        (Condition === undefined ||
          attempt(() => conditionHolds(Condition, scope, placeIn(stack, logicalId, 'Condition'))) === true),
    );
    const chosen: Record<string, TemplateResource> = {};
    for (const [logicalId, resource] of present) {
      const properties = attempt(() =>
        chooseBranches(resource.Properties ?? {}, scope, placeIn(stack, logicalId, 'Properties')),
      );
      chosen[logicalId] = { ...resource, Properties: (properties ?? {}) as Record<string, unknown> };
    }
    for (const [logicalId, resource] of Object.entries(chosen)) {
      problems.push(...resourceProblems(stack, logicalId, resource, types.get(resource.Type)));
      const place = placeIn(stack, logicalId, 'Properties');
      problems.push(...(attempt(() => referenceProblems(stack, chosen, scope, resource.Properties, place)) ?? []));
    }
    for (const [name, output] of Object.entries(stack.template.Outputs ?? {})) {
      const place = placeIn(stack, name, 'Outputs');
      const given = attempt(() => output.Condition === undefined || conditionHolds(output.Condition, scope, place));
      if (given !== true) continue;
      const { Condition: _, ...rest } = output;
      const found = attempt(() => referenceProblems(stack, chosen, scope, chooseBranches(rest, scope, place), place));
      problems.push(...(found ?? []));
    }
    if (problems.length > 0) return { stack, resources: [] };
    const order = attempt(() => dependencyOrder(chosen, (logicalId) => placeIn(stack, logicalId))) ?? [];
    return {
      stack,
      resources: order.map((logicalId) => ({
        logicalId,
        type: types.get(chosen[logicalId]!.Type)!,
        declared: stack.template.Resources[logicalId]!,
        place: placeIn(stack, logicalId),
      })),
    };
  });
  if (problems.length > 0) throw new DeployError([...new Set(problems)]);
  return plan;
}

/** Whether something under a `Condition` exists. @throws TemplateError */
export function conditionHolds(name: string, scope: Scope, place: Place): boolean {
  return chooseBranches({ 'Fn::If': [name, true, false] }, scope, place) === true;
}

function sectionProblems(stack: Stack): string[] {
  return Object.keys(stack.template)
    .filter((section) => !SECTIONS.includes(section) && !INERT_SECTIONS.includes(section))
    .map((section) => `${stack.name}: the local runtime does not have the template section ${section}`);
}

function resourceProblems(
  stack: Stack,
  logicalId: string,
  resource: TemplateResource,
  type: ResourceType | undefined,
): string[] {
  const where = describePlace(placeIn(stack, logicalId));
  if (type === undefined) return [`${where}: the local runtime does not have the resource type ${resource.Type}`];
  const problems = Object.keys(resource)
    .filter((attribute) => !ATTRIBUTES.includes(attribute))
    .map((attribute) => `${where}: the local runtime does not have the resource attribute ${attribute}`);
  for (const path of undeclaredProperties(type, resource.Properties)) {
    problems.push(
      `${describePlace(placeIn(stack, logicalId, `Properties.${path}`))}: ${resource.Type} has this property neither implemented nor as inert`,
    );
  }
  return [...problems, ...(type.check?.(resource.Properties ?? {}) ?? []).map((problem) => `${where}: ${problem}`)];
}

function referenceProblems(
  stack: Stack,
  resources: Readonly<Record<string, TemplateResource>>,
  scope: Scope,
  value: unknown,
  place: Place,
): string[] {
  const reason = (name: string): string =>
    stack.template.Parameters?.[name] === undefined
      ? 'which is not in this template'
      : 'a parameter that has no value on this machine';
  return references(value, place)
    .filter(({ name }) => !Object.hasOwn(resources, name) && scope.ref(name) === undefined && name !== 'AWS::NoValue')
    .map((reference) => `${describePlace(reference.place)}: refers to ${reference.name}, ${reason(reference.name)}`);
}
