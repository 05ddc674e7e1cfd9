import { below, type Place, TemplateError } from './errors.ts';

/**
 * CloudFormation's intrinsic functions, pure.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 */

/** What `resolve` needs to know of the world. */
export interface Scope {
  /** Ref of a resource, parameter or pseudo parameter; undefined when there is none of that name. */
  ref(name: string): string | undefined;
  /** Undefined when there is no such resource or it has no such attribute. */
  attribute(logicalId: string, name: string): string | undefined;
  /** Undefined when there is no such condition. */
  condition(name: string): boolean | undefined;
  /** An export of an earlier stack. */
  exported(name: string): string | undefined;
  /** An output of an earlier stack. */
  output(stack: string, name: string): string | undefined;
}

/** A reference to another resource of the template, or to a parameter. */
export interface Reference {
  readonly name: string;
  readonly attribute?: string;
  readonly place: Place;
}

const NO_VALUE = Symbol('AWS::NoValue');

type Handler = (argument: unknown, scope: Scope, place: Place) => unknown;

const handlers: Readonly<Record<string, Handler>> = {
  Ref: (argument, scope, place) => {
    const name = text(argument, place);
    if (name === 'AWS::NoValue') return NO_VALUE;
    return scope.ref(name) ?? fail(place, `Ref names ${name}, which is no resource or parameter of this template`);
  },
  'Fn::GetAtt': (argument, scope, place) => {
    const { name, attribute } = attributeOf(argument, place);
    return (
      scope.attribute(name, attribute) ??
      fail(place, `Fn::GetAtt asks for ${name}.${attribute}, which the local runtime does not know`)
    );
  },
  'Fn::Join': (argument, scope, place) => {
    const [separator, parts] = list(argument, place, 2);
    const values = list(evaluate(parts, scope, below(place, 1)), below(place, 1));
    return values.map((value, index) => text(value, below(place, `1.${index}`))).join(text(separator, below(place, 0)));
  },
  'Fn::Sub': (argument, scope, place) => {
    const { template, variables } = substitution(argument, place);
    return template.replace(PLACEHOLDER, (whole, name: string) => {
      if (name.startsWith('!')) return `\${${name.slice(1)}}`;
      if (Object.hasOwn(variables, name)) {
        const at = below(place, `1.${name}`);
        return text(evaluate(variables[name], scope, at), at);
      }
      const value = name.includes('.')
        ? scope.attribute(name.slice(0, name.indexOf('.')), name.slice(name.indexOf('.') + 1))
        : scope.ref(name);
      return value ?? fail(place, `Fn::Sub names ${whole}, which the local runtime does not know`);
    });
  },
  'Fn::Select': (argument, scope, place) => {
    const [at, from] = list(argument, place, 2);
    const index = Number(text(evaluate(at, scope, below(place, 0)), below(place, 0)));
    const values = list(evaluate(from, scope, below(place, 1)), below(place, 1));
    if (!Number.isInteger(index) || index < 0 || index >= values.length) {
      fail(place, `Fn::Select takes element ${index} of a list of ${values.length}`);
    }
    return values[index];
  },
  'Fn::Split': (argument, scope, place) => {
    const [separator, from] = list(argument, place, 2);
    return text(evaluate(from, scope, below(place, 1)), below(place, 1)).split(text(separator, below(place, 0)));
  },
  'Fn::If': (argument, scope, place) => {
    const [name, yes, no] = list(argument, place, 3);
    return conditionOf(name, scope, below(place, 0))
      ? evaluate(yes, scope, below(place, 1))
      : evaluate(no, scope, below(place, 2));
  },
  'Fn::Base64': (argument, scope, place) =>
    Buffer.from(text(evaluate(argument, scope, place), place)).toString('base64'),
  'Fn::GetAZs': (argument, scope, place) => {
    const asked = text(evaluate(argument, scope, place), place);
    const region = asked === '' ? scope.ref('AWS::Region') : asked;
    return ['a', 'b', 'c'].map((zone) => `${region}${zone}`);
  },
  'Fn::ImportValue': (argument, scope, place) => {
    const name = text(evaluate(argument, scope, place), place);
    return scope.exported(name) ?? fail(place, `Fn::ImportValue names ${name}, which no earlier stack exports`);
  },
  'Fn::GetStackOutput': (argument, scope, place) => {
    const { StackName, OutputName } = evaluate(argument, scope, place) as Record<string, unknown>;
    const [stack, name] = [text(StackName, below(place, 'StackName')), text(OutputName, below(place, 'OutputName'))];
    return (
      scope.output(stack, name) ??
      fail(place, `Fn::GetStackOutput asks for ${name} of ${stack}, which no earlier stack has`)
    );
  },
  'Fn::Equals': (argument, scope, place) => {
    const [left, right] = list(argument, place, 2).map((side, index) => evaluate(side, scope, below(place, index)));
    return JSON.stringify(left) === JSON.stringify(right);
  },
  'Fn::And': (argument, scope, place) =>
    list(argument, place).every((one, index) => truth(evaluate(one, scope, below(place, index)), below(place, index))),
  'Fn::Or': (argument, scope, place) =>
    list(argument, place).some((one, index) => truth(evaluate(one, scope, below(place, index)), below(place, index))),
  'Fn::Not': (argument, scope, place) =>
    !truth(evaluate(list(argument, place, 1)[0], scope, below(place, 0)), below(place, 0)),
};

const PLACEHOLDER = /\$\{([^}]+)\}/g;

/** Resolves every intrinsic in `value`; members that are `AWS::NoValue` are left out. @throws TemplateError */
export function resolve(value: unknown, scope: Scope, place: Place): unknown {
  const resolved = evaluate(value, scope, place);
  return resolved === NO_VALUE ? undefined : resolved;
}

/** Resolves a condition's definition. @throws TemplateError */
export function resolveCondition(value: unknown, scope: Scope, place: Place): boolean {
  return truth(evaluate(value, scope, place), place);
}

/**
 * Everything that `value` refers to, without resolving it. Needed before anything exists.
 * @throws TemplateError when an intrinsic is not known or has the wrong shape
 */
export function references(value: unknown, place: Place): Reference[] {
  if (Array.isArray(value)) return value.flatMap((one, index) => references(one, below(place, index)));
  if (!isObject(value)) return [];
  const intrinsic = intrinsicOf(value, place);
  if (intrinsic === undefined) return Object.entries(value).flatMap(([key, one]) => references(one, below(place, key)));
  const { name, argument, at } = intrinsic;
  if (name === 'Ref') return [{ name: text(argument, at), place: at }];
  if (name === 'Fn::GetAtt') return [{ ...attributeOf(argument, at), place: at }];
  if (name === 'Condition') return [];
  if (name !== 'Fn::Sub') return references(argument, at);
  const { template, variables } = substitution(argument, at);
  const names = [...template.matchAll(PLACEHOLDER)]
    .map((match) => match[1]!)
    .filter((found) => !found.startsWith('!') && !Object.hasOwn(variables, found));
  return [
    ...names.map((found): Reference => {
      const dot = found.indexOf('.');
      return dot < 0
        ? { name: found, place: at }
        : { name: found.slice(0, dot), attribute: found.slice(dot + 1), place: at };
    }),
    ...references(variables, below(at, 1)),
  ];
}

/**
 * Takes the branches of `Fn::If` and drops `AWS::NoValue`; every other intrinsic stays. What is left has the shape that
 * the resolved value will have, so properties can be checked before anything exists. @throws TemplateError
 */
export function chooseBranches(value: unknown, scope: Scope, place: Place): unknown {
  if (Array.isArray(value)) {
    return value
      .map((one, index) => chooseBranches(one, scope, below(place, index)))
      .filter((one) => one !== undefined);
  }
  if (!isObject(value)) return value;
  const intrinsic = intrinsicOf(value, place);
  if (intrinsic?.name === 'Ref' && intrinsic.argument === 'AWS::NoValue') return undefined;
  if (intrinsic?.name === 'Fn::If') {
    const [name, yes, no] = list(intrinsic.argument, intrinsic.at, 3);
    const taken = conditionOf(name, scope, below(intrinsic.at, 0)) ? 1 : 2;
    return chooseBranches(taken === 1 ? yes : no, scope, below(intrinsic.at, taken));
  }
  if (intrinsic !== undefined) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, one]) => [key, chooseBranches(one, scope, below(place, key))] as const)
      .filter(([, one]) => one !== undefined),
  );
}

/** Whether a value of a template is an intrinsic rather than a plain object. */
export function isIntrinsic(value: unknown): boolean {
  if (!isObject(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && (keys[0] === 'Ref' || keys[0]!.startsWith('Fn::'));
}

function evaluate(value: unknown, scope: Scope, place: Place): unknown {
  if (Array.isArray(value)) {
    return value.map((one, index) => evaluate(one, scope, below(place, index))).filter((one) => one !== NO_VALUE);
  }
  if (!isObject(value)) return value;
  const intrinsic = intrinsicOf(value, place);
  if (intrinsic === undefined) {
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, one]) => [key, evaluate(one, scope, below(place, key))] as const)
        .filter(([, one]) => one !== NO_VALUE),
    );
  }
  if (intrinsic.name === 'Condition') return conditionOf(intrinsic.argument, scope, intrinsic.at);
  return handlers[intrinsic.name]!(intrinsic.argument, scope, intrinsic.at);
}

interface Intrinsic {
  readonly name: string;
  readonly argument: unknown;
  readonly at: Place;
}

/** `{Condition: name}` is an intrinsic in conditions only: in a policy, `Condition` holds an object. */
function intrinsicOf(value: Record<string, unknown>, place: Place): Intrinsic | undefined {
  const keys = Object.keys(value);
  const name = keys.find((key) => key === 'Ref' || key.startsWith('Fn::'));
  if (name === undefined) {
    return keys.length === 1 && typeof value['Condition'] === 'string'
      ? { name: 'Condition', argument: value['Condition'], at: below(place, 'Condition') }
      : undefined;
  }
  if (keys.length > 1)
    fail(place, `${name} stands beside other keys (${keys.filter((key) => key !== name).join(', ')})`);
  if (handlers[name] === undefined) fail(place, `the local runtime does not have the intrinsic ${name}`);
  return { name, argument: value[name], at: below(place, name) };
}

function conditionOf(value: unknown, scope: Scope, place: Place): boolean {
  const name = text(value, place);
  return scope.condition(name) ?? fail(place, `condition ${name} is not in this template`);
}

function attributeOf(argument: unknown, place: Place): { name: string; attribute: string } {
  if (typeof argument === 'string') {
    const dot = argument.indexOf('.');
    if (dot < 1) fail(place, `Fn::GetAtt needs "resource.attribute", not "${argument}"`);
    return { name: argument.slice(0, dot), attribute: argument.slice(dot + 1) };
  }
  const [name, attribute] = list(argument, place, 2);
  return { name: text(name, place), attribute: text(attribute, place) };
}

function substitution(argument: unknown, place: Place): { template: string; variables: Record<string, unknown> } {
  if (typeof argument === 'string') return { template: argument, variables: {} };
  const [template, variables] = list(argument, place, 2);
  if (!isObject(variables)) fail(below(place, 1), 'Fn::Sub needs a map of variables here');
  return { template: text(template, below(place, 0)), variables: variables as Record<string, unknown> };
}

function list(value: unknown, place: Place, length?: number): unknown[] {
  if (!Array.isArray(value)) return fail(place, `a list is needed here, not ${JSON.stringify(value)}`);
  if (length !== undefined && value.length !== length) {
    return fail(place, `a list of ${length} is needed here, not of ${value.length}`);
  }
  return value;
}

function text(value: unknown, place: Place): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return fail(place, `text is needed here, not ${typeof value === 'symbol' ? 'AWS::NoValue' : JSON.stringify(value)}`);
}

function truth(value: unknown, place: Place): boolean {
  return typeof value === 'boolean' ? value : fail(place, `a condition is needed here, not ${JSON.stringify(value)}`);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function fail(place: Place, problem: string): never {
  throw new TemplateError(place, problem);
}
