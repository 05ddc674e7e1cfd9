import { ServiceError } from '../services/service.ts';
import type { AccessRequest, Caller } from './caller.ts';
import { principalArn, type RoleDirectory } from './identities.ts';
import { type Decision, decide, type Policy } from './policy.ts';
import type { CallRecorder } from './recorder.ts';

export interface AuthorizerOptions {
  readonly account: string;
  readonly identities: RoleDirectory;
  readonly recorder: CallRecorder;
  /** Told of every refusal, so that a missing grant is seen even where a caller swallows the error. */
  readonly refused: (message: string) => void;
}

/** Decides calls by the caller's policies and the resource's own, and records each decision. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #resourcePolicies = new Map<string, Policy>();

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** Sets the policy of a resource (a bucket) and of all below it; undefined takes it away. */
  putResourcePolicy(arn: string, policy: Policy | undefined): void {
    if (policy === undefined) this.#resourcePolicies.delete(arn);
    else this.#resourcePolicies.set(arn, policy);
  }

  /**
   * @throws ServiceError AccessDeniedException in AWS's words, with action, resource and role:
   * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
   */
  authorize(caller: Caller, request: AccessRequest): void {
    const { decision, by } = this.#decide(caller, request);
    const allowed = decision === 'allow';
    this.#options.recorder.record({
      time: Date.now(),
      service: request.action.slice(0, request.action.indexOf(':')),
      action: request.action,
      resource: request.resource,
      role: caller.arn,
      allowed,
    });
    if (allowed) return;
    const reason =
      decision === 'explicit-deny'
        ? `with an explicit deny in ${by === 'identity' ? 'an identity-based' : 'a resource-based'} policy`
        : `because no identity-based policy allows the ${request.action} action`;
    const message = `User: ${principalArn(caller)} is not authorized to perform: ${request.action} on resource: ${request.resource} ${reason}`;
    this.#options.refused(message);
    throw new ServiceError('AccessDeniedException', message);
  }

  #decide(caller: Caller, request: AccessRequest): { decision: Decision; by: 'identity' | 'resource' } {
    const { account, identities } = this.#options;
    const context = new Map<string, readonly string[]>([
      ['aws:principalaccount', [account]],
      ['aws:principalarn', [caller.arn]],
      ['aws:securetransport', ['true']],
    ]);
    for (const [key, values] of Object.entries(request.conditions ?? {})) context.set(key.toLowerCase(), values);
    const question = {
      principal: { id: caller.arn, kind: 'AWS', account },
      action: request.action,
      resource: request.resource,
      context,
    } as const;
    const resourcePolicy = this.#policyOf(request.resource);
    const byResource = resourcePolicy === undefined ? 'implicit-deny' : decide(question, [resourcePolicy]);
    if (byResource === 'explicit-deny') return { decision: byResource, by: 'resource' };
    const byIdentity = decide(question, identities.policiesOf(caller));
    // Within one account an allow on either side is enough.
    if (byIdentity === 'implicit-deny' && byResource === 'allow') return { decision: 'allow', by: 'resource' };
    return { decision: byIdentity, by: 'identity' };
  }

  #policyOf(resource: string): Policy | undefined {
    const slash = resource.indexOf('/');
    return (
      this.#resourcePolicies.get(resource) ??
      (slash < 0 ? undefined : this.#resourcePolicies.get(resource.slice(0, slash)))
    );
  }
}
