import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asText, type Properties, type TemplateResource } from './synth.ts';

/** One action that a role may do on one resource, as the template writes it. */
export interface Grant {
  /** `<stack>/<logical id>`. */
  readonly role: string;
  readonly action: string;
  readonly resource: string;
}

/** A grant before its resource is text, so that it can be resolved too. */
export interface DeclaredGrant {
  /** Logical id. */
  readonly role: string;
  readonly action: string;
  readonly resource: unknown;
}

/** What the roles of a template may do by policies that stand in it. */
export function declaredGrants(resources: Readonly<Record<string, Pick<TemplateResource, 'Type'>>>): DeclaredGrant[] {
  return Object.entries(resources).flatMap(([id, resource]) => {
    const properties = ((resource as { Properties?: Properties }).Properties ?? {}) as Properties;
    if (resource.Type === 'AWS::IAM::Role') {
      const policies = (properties['Policies'] ?? []) as Properties[];
      return policies.flatMap(({ PolicyDocument }) => granted(id, PolicyDocument));
    }
    if (resource.Type !== 'AWS::IAM::Policy') return [];
    return (properties['Roles'] as { Ref: string }[]).flatMap(({ Ref }) => granted(Ref, properties['PolicyDocument']));
  });
}

function granted(role: string, document: Properties): DeclaredGrant[] {
  return (document['Statement'] as Properties[]).flatMap(({ Effect, Action, Resource }) => {
    if (Effect !== 'Allow') return [];
    return [Action]
      .flat()
      .flatMap((action: string) => [Resource].flat().map((resource: unknown) => ({ role, action, resource })));
  });
}

export const grantOf = (stack: string, { role, action, resource }: DeclaredGrant): Grant => ({
  role: `${stack}/${role}`,
  action,
  resource: asText(resource),
});

export const grantKey = ({ role, action, resource }: Grant): string => `${role} ${action} ${resource}`;

/** Grants of one role that a run on this machine does not use, and who needs them nevertheless. */
export interface UnusedGrants {
  readonly role: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Of AWS's documentation: the page that asks for them. */
  readonly required: string;
  readonly why: string;
  /** A run uses them or not, as it happens. */
  readonly sometimes?: true;
}

export interface UnusedGrantList {
  /** Actions that are enforced without a record of the call. */
  readonly notRecorded: readonly { readonly action: string; readonly required: string; readonly why: string }[];
  readonly unused: readonly UnusedGrants[];
}

export const unusedGrantsFile = join(import.meta.dirname, '..', 'e2e', 'unused-grants.json');

export const readUnusedGrants = (): UnusedGrantList =>
  JSON.parse(readFileSync(unusedGrantsFile, 'utf8')) as UnusedGrantList;

/** One by one. */
export const eachGrant = ({ role, actions, resources }: UnusedGrants): Grant[] =>
  actions.flatMap((action) => resources.map((resource) => ({ role, action, resource })));
