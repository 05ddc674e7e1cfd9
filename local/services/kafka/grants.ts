import type { Caller } from '../../access/caller.ts';
import { decide, type Policy } from '../../access/policy.ts';
import { CLUSTER_ACTIONS, GROUP_ACTIONS, type KafkaGrant, TOPIC_ACTIONS } from '../../engines/kafka/permissions.ts';

export interface KafkaResources {
  readonly account: string;
  readonly topics: Iterable<string>;
  readonly groups: Iterable<string>;
  arn(kind: 'cluster' | 'topic' | 'group', name?: string): string;
}

/**
 * What a role's policies allow on these topics and groups; nothing without `kafka-cluster:Connect`. A client may name
 * itself by the role's ARN or by its access key, which is all that an SDK's environment tells it.
 */
export function grantsOf(
  caller: Caller,
  policies: Iterable<Policy>,
  { account, topics, groups, arn }: KafkaResources,
): KafkaGrant[] {
  const all = [...policies];
  const context = new Map<string, readonly string[]>([
    ['aws:principalaccount', [account]],
    ['aws:principalarn', [caller.arn]],
    ['aws:securetransport', ['true']],
  ]);
  const principal = { id: caller.arn, kind: 'AWS', account } as const;
  const allowed = (action: string, resource: string) =>
    decide({ principal, action, resource, context }, all) === 'allow';
  if (!allowed('kafka-cluster:Connect', arn('cluster'))) return [];
  const found = [
    ...CLUSTER_ACTIONS.filter((action) => allowed(action, arn('cluster'))).map((action) => ({ action, name: '' })),
    ...[...topics].flatMap((name) =>
      TOPIC_ACTIONS.filter((action) => allowed(action, arn('topic', name))).map((action) => ({ action, name })),
    ),
    ...[...groups].flatMap((name) =>
      GROUP_ACTIONS.filter((action) => allowed(action, arn('group', name))).map((action) => ({ action, name })),
    ),
  ];
  return [caller.arn, caller.accessKeyId].flatMap((id) => found.map((grant) => ({ principal: id, ...grant })));
}
