import { createHash } from 'node:crypto';
import type { DeployedResource } from '../resources/resource.ts';
import type { Stack } from './assembly.ts';
import { type Place, TemplateError } from './errors.ts';
import { resolveCondition, type Scope } from './intrinsics.ts';

/** Where stacks are deployed to. */
export interface Target {
  readonly account: string;
  readonly region: string;
}

/** What the stacks that are deployed before a stack give to it. */
export interface EarlierStacks {
  readonly exports: ReadonlyMap<string, string>;
  /** By the stack's name. */
  readonly outputs: ReadonlyMap<string, Readonly<Record<string, { readonly value: string }>>>;
}

/** Where something of a stack stands. */
export function placeIn(stack: Stack, logicalId: string, property = ''): Place {
  return { stack: stack.name, logicalId, path: stack.paths.get(logicalId) ?? '', property };
}

/** A stack's ARN, with an id that is the same at every start. */
export function stackId(name: string, { account, region }: Target): string {
  const id = createHash('sha256').update(name).digest('hex').slice(0, 32);
  const uuid = id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return `arn:aws:cloudformation:${region}:${account}:stack/${name}/${uuid}`;
}

/**
 * What the names in a stack's template mean: parameters by their defaults, pseudo parameters, conditions, and the
 * resources deployed so far. A Ref to a parameter that holds an SSM parameter's name has no value here.
 */
export function stackScope(
  stack: Stack,
  target: Target,
  deployed: ReadonlyMap<string, DeployedResource>,
  earlier: EarlierStacks,
): Scope {
  const { Parameters = {}, Conditions = {} } = stack.template;
  const pseudo: Readonly<Record<string, string>> = {
    'AWS::AccountId': target.account,
    'AWS::Partition': 'aws',
    'AWS::Region': target.region,
    'AWS::StackId': stackId(stack.name, target),
    'AWS::StackName': stack.name,
    'AWS::URLSuffix': 'amazonaws.com',
  };
  const conditions = new Map<string, boolean | 'pending'>();
  const scope: Scope = {
    ref: (name) => pseudo[name] ?? parameter(Parameters[name]) ?? deployed.get(name)?.ref,
    attribute: (logicalId, name) => deployed.get(logicalId)?.attributes[name],
    exported: (name) => earlier.exports.get(name),
    output: (stackName, name) => earlier.outputs.get(stackName)?.[name]?.value,
    condition: (name) => {
      const known = conditions.get(name);
      if (known === 'pending')
        throw new TemplateError(placeIn(stack, name, 'Conditions'), 'the condition depends on itself');
      if (known !== undefined || !Object.hasOwn(Conditions, name)) return known;
      conditions.set(name, 'pending');
      const value = resolveCondition(Conditions[name], scope, placeIn(stack, name, 'Conditions'));
      conditions.set(name, value);
      return value;
    },
  };
  return scope;
}

function parameter(declared: { readonly Type: string; readonly Default?: unknown } | undefined): string | undefined {
  if (declared === undefined || declared.Type.startsWith('AWS::SSM::')) return undefined;
  return declared.Default === undefined ? undefined : String(declared.Default);
}
