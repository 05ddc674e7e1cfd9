import { CONDITION_KEYS, type ConditionTest, conditionTest } from './conditions.ts';
import { arnPattern, wildcard } from './wildcard.ts';

/** Who calls, as the statements of resource policies see it. */
export interface Principal {
  /** The role's ARN, or a service's name such as `logging.s3.amazonaws.com`. */
  readonly id: string;
  readonly kind: 'AWS' | 'Service';
  readonly account: string;
}

/** One question to the policies. */
export interface Question {
  readonly principal: Principal;
  readonly action: string;
  readonly resource: string;
  /** Condition key, in lower case -> values. */
  readonly context: ReadonlyMap<string, readonly string[]>;
}

export type Decision = 'allow' | 'explicit-deny' | 'implicit-deny';

/** A parsed policy document. */
export interface Policy {
  /** Names it in messages: `inline policy DefaultPolicy of role clean`. */
  readonly name: string;
  readonly statements: readonly Statement[];
}

interface Statement {
  readonly deny: boolean;
  /** Which principals it speaks of; undefined in identity policies, which speak of their bearer. */
  readonly principal: ((principal: Principal) => boolean) | undefined;
  readonly action: (action: string) => boolean;
  readonly resource: (resource: string) => boolean;
  readonly conditions: readonly ConditionTest[];
}

/** A policy document says something that the evaluator does not do: it must not be guessed at. */
export class PolicyError extends Error {
  constructor(policy: string, problem: string) {
    super(`${policy}: ${problem}`);
    this.name = 'PolicyError';
  }
}

const MEMBERS = [
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Principal',
  'NotPrincipal',
  'Condition',
];

/**
 * Reads a policy document with its intrinsics resolved.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 * @throws PolicyError for a member, condition operator, condition key or policy variable that is not evaluated here
 */
export function parsePolicy(document: unknown, name: string): Policy {
  const { Statement: statements } = (document ?? {}) as { Statement?: unknown };
  if (statements === undefined) throw new PolicyError(name, 'the document has no Statement');
  return { name, statements: [statements].flat().map((statement) => parseStatement(statement, name)) };
}

/**
 * An explicit deny wins over every allow; without an allow the answer is no.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function decide(question: Question, policies: Iterable<Policy>): Decision {
  let decision: Decision = 'implicit-deny';
  for (const { statements } of policies) {
    for (const statement of statements) {
      if (!applies(statement, question)) continue;
      if (statement.deny) return 'explicit-deny';
      decision = 'allow';
    }
  }
  return decision;
}

function applies(statement: Statement, { principal, action, resource, context }: Question): boolean {
  return (
    statement.action(action) &&
    (statement.principal?.(principal) ?? true) &&
    statement.resource(resource) &&
    statement.conditions.every((test) => test(context))
  );
}

function parseStatement(raw: unknown, name: string): Statement {
  if (typeof raw !== 'object' || raw === null) throw new PolicyError(name, 'a statement must be an object');
  const statement = raw as Record<string, unknown>;
  const stranger = Object.keys(statement).find((member) => !MEMBERS.includes(member));
  if (stranger !== undefined) throw new PolicyError(name, `a statement has the unknown member ${stranger}`);
  const { Effect } = statement;
  if (Effect !== 'Allow' && Effect !== 'Deny') {
    throw new PolicyError(name, `Effect must be Allow or Deny, not ${JSON.stringify(Effect)}`);
  }
  const bySid = typeof statement['Sid'] === 'string' ? `${name}, statement ${statement['Sid']}` : name;
  return {
    deny: Effect === 'Deny',
    principal: either(statement, 'Principal', 'NotPrincipal', (value) => principalTest(value, bySid), bySid),
    action: required(
      either(
        statement,
        'Action',
        'NotAction',
        (value) => anyOf(strings(value, bySid), (one) => wildcard(one, 'i')),
        bySid,
      ),
      'Action',
      bySid,
    ),
    // The statements of a trust policy have no resource: it is the role itself.
    resource:
      either(statement, 'Resource', 'NotResource', (value) => anyOf(strings(value, bySid), arnPattern), bySid) ??
      (() => true),
    conditions: Object.entries((statement['Condition'] ?? {}) as Record<string, Record<string, unknown>>).flatMap(
      ([operator, keys]) =>
        Object.entries(keys).map(([key, values]) => {
          if (!CONDITION_KEYS.has(key.toLowerCase())) {
            throw new PolicyError(bySid, `the condition key ${key} is not evaluated by the local runtime`);
          }
          const test = conditionTest(operator, key, strings(values, bySid));
          if (test === undefined) {
            throw new PolicyError(bySid, `the condition operator ${operator} is not evaluated by the local runtime`);
          }
          return test;
        }),
    ),
  };
}

type Test<T> = (value: T) => boolean;

/** The test of `Member`, or the opposite of the test of `NotMember`. */
function either<T>(
  statement: Record<string, unknown>,
  member: string,
  opposite: string,
  parse: (value: unknown) => Test<T>,
  name: string,
): Test<T> | undefined {
  if (statement[member] !== undefined && statement[opposite] !== undefined) {
    throw new PolicyError(name, `${member} and ${opposite} exclude each other`);
  }
  if (statement[member] !== undefined) return parse(statement[member]);
  if (statement[opposite] === undefined) return undefined;
  const test = parse(statement[opposite]);
  return (value) => !test(value);
}

function required<T>(test: T | undefined, member: string, name: string): T {
  if (test === undefined) throw new PolicyError(name, `a statement has no ${member}`);
  return test;
}

function anyOf(patterns: readonly string[], compile: (pattern: string) => Test<string>): Test<string> {
  const tests = patterns.map(compile);
  return (value) => tests.some((test) => test(value));
}

function principalTest(value: unknown, name: string): Test<Principal> {
  if (value === '*') return () => true;
  if (typeof value !== 'object' || value === null) throw new PolicyError(name, 'Principal must be "*" or an object');
  const tests = Object.entries(value).flatMap(([kind, ids]): Test<Principal>[] => {
    if (kind === 'CanonicalUser' || kind === 'Federated') return [() => false];
    if (kind !== 'AWS' && kind !== 'Service') throw new PolicyError(name, `unknown kind of principal ${kind}`);
    return strings(ids, name).map((id) => (principal) => {
      if (principal.kind !== kind) return false;
      return kind === 'Service'
        ? id === principal.id
        : [principal.id, '*', principal.account, `arn:aws:iam::${principal.account}:root`].includes(id);
    });
  });
  return (principal) => tests.some((test) => test(principal));
}

function strings(value: unknown, name: string): string[] {
  return [value].flat().map((one) => {
    if (typeof one !== 'string' && typeof one !== 'boolean' && typeof one !== 'number') {
      throw new PolicyError(name, `text is needed, not ${JSON.stringify(one)}`);
    }
    const text = String(one);
    const variable = /\$\{(?![*?$]\})[^}]*\}/.exec(text);
    if (variable !== null) throw new PolicyError(name, `the policy variable ${variable[0]} is not evaluated here`);
    return text;
  });
}
