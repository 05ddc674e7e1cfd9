import { createHash } from 'node:crypto';
import { ServiceError } from '../services/service.ts';
import type { Caller, Identities } from './caller.ts';
import { decide, type Policy } from './policy.ts';

/** The key of the account's administrator: profile `pinflow` of the AWS CLI. */
export const ADMINISTRATOR_KEY = 'pinflow';

interface Role {
  readonly arn: string;
  readonly caller: Caller;
  readonly trust: Policy;
  readonly policies: Map<string, Policy>;
}

const EVERYTHING: Policy = {
  name: 'administrator',
  statements: [{ deny: false, principal: undefined, action: () => true, resource: () => true, conditions: [] }],
};

/** The account's roles with their policies, and the access keys that stand for them. */
export class RoleDirectory implements Identities {
  readonly administrator: Caller;
  readonly #account: string;
  readonly #roles = new Map<string, Role>();
  readonly #byKey = new Map<string, Caller>();

  constructor(account: string) {
    this.#account = account;
    this.administrator = {
      kind: 'administrator',
      arn: `arn:aws:iam::${account}:user/${ADMINISTRATOR_KEY}`,
      accessKeyId: ADMINISTRATOR_KEY,
      secretAccessKey: ADMINISTRATOR_KEY,
    };
    this.#byKey.set(ADMINISTRATOR_KEY, this.administrator);
  }

  /** Declares a role without permissions; one of the same name is replaced. */
  putRole(name: string, trust: Policy): Caller {
    const arn = this.roleArn(name);
    const digest = createHash('sha256').update(arn).digest('hex').toUpperCase();
    const caller: Caller = {
      kind: 'role',
      arn,
      accessKeyId: `ASIA${digest.slice(0, 16)}`,
      secretAccessKey: digest.slice(16, 56),
    };
    this.#roles.set(arn, { arn, caller, trust, policies: new Map() });
    this.#byKey.set(caller.accessKeyId, caller);
    return caller;
  }

  /** @throws ServiceError NoSuchEntity when there is no such role */
  putRolePolicy(roleName: string, policyName: string, policy: Policy): void {
    const role = this.#roles.get(this.roleArn(roleName));
    if (role === undefined) throw new ServiceError('NoSuchEntity', `There is no role ${roleName}.`, 404);
    role.policies.set(policyName, policy);
  }

  roleArn(name: string): string {
    return `arn:aws:iam::${this.#account}:role/${name}`;
  }

  /** Every role that is declared. */
  roles(): Iterable<Caller> {
    return [...this.#roles.values()].map(({ caller }) => caller);
  }

  /** Who signs with this access key; undefined when nobody does. */
  byAccessKey(accessKeyId: string): Caller | undefined {
    return this.#byKey.get(accessKeyId);
  }

  policiesOf(caller: Caller): Iterable<Policy> {
    return caller.kind === 'administrator' ? [EVERYTHING] : (this.#roles.get(caller.arn)?.policies.values() ?? []);
  }

  assume(roleArn: string, servicePrincipal: string): Caller {
    const role = this.#roles.get(roleArn);
    const question = {
      principal: { id: servicePrincipal, kind: 'Service', account: this.#account },
      action: 'sts:AssumeRole',
      resource: roleArn,
      context: new Map([['aws:sourceaccount', [this.#account]]]),
    } as const;
    if (role === undefined || decide(question, [role.trust]) !== 'allow') {
      const reason = role === undefined ? 'no such role exists' : 'its trust policy does not allow it';
      throw new ServiceError(
        'AccessDenied',
        `${servicePrincipal} is not authorized to perform: sts:AssumeRole on resource: ${roleArn} because ${reason}`,
        403,
      );
    }
    return role.caller;
  }
}

/** A caller as STS names it: a role appears as its session. */
export function principalArn(caller: Caller): string {
  return caller.kind === 'administrator'
    ? caller.arn
    : `${caller.arn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/pinflow`;
}
