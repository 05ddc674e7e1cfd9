import {
  type Acl,
  type AclOperationValue,
  type Admin,
  AclOperations as Operation,
  ResourcePatternTypes as Pattern,
  AclPermissionTypes as Permission,
  ResourceTypes as Resource,
  type ResourceTypeValue,
} from '@platformatic/kafka';
import { untilApplied } from './until-applied.ts';

/** One thing that a principal may do. */
export interface KafkaGrant {
  /** Who, as the token's subject says it. */
  readonly principal: string;
  /** An action of MSK's IAM access control, such as `kafka-cluster:WriteData`. */
  readonly action: string;
  /** The topic or group; of the cluster it is ignored. */
  readonly name: string;
}

interface Rule {
  readonly type: ResourceTypeValue;
  readonly operation: AclOperationValue;
}

const CLUSTER = 'kafka-cluster';

/**
 * What MSK's IAM actions mean to Kafka.
 * https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html
 */
const RULES: Readonly<Record<string, Rule>> = {
  'kafka-cluster:DescribeCluster': { type: Resource.CLUSTER, operation: Operation.DESCRIBE },
  'kafka-cluster:AlterCluster': { type: Resource.CLUSTER, operation: Operation.ALTER },
  'kafka-cluster:DescribeClusterDynamicConfiguration': {
    type: Resource.CLUSTER,
    operation: Operation.DESCRIBE_CONFIGS,
  },
  'kafka-cluster:AlterClusterDynamicConfiguration': { type: Resource.CLUSTER, operation: Operation.ALTER_CONFIGS },
  'kafka-cluster:WriteDataIdempotently': { type: Resource.CLUSTER, operation: Operation.IDEMPOTENT_WRITE },
  'kafka-cluster:CreateTopic': { type: Resource.TOPIC, operation: Operation.CREATE },
  'kafka-cluster:DescribeTopic': { type: Resource.TOPIC, operation: Operation.DESCRIBE },
  'kafka-cluster:AlterTopic': { type: Resource.TOPIC, operation: Operation.ALTER },
  'kafka-cluster:DeleteTopic': { type: Resource.TOPIC, operation: Operation.DELETE },
  'kafka-cluster:DescribeTopicDynamicConfiguration': { type: Resource.TOPIC, operation: Operation.DESCRIBE_CONFIGS },
  'kafka-cluster:AlterTopicDynamicConfiguration': { type: Resource.TOPIC, operation: Operation.ALTER_CONFIGS },
  'kafka-cluster:ReadData': { type: Resource.TOPIC, operation: Operation.READ },
  'kafka-cluster:WriteData': { type: Resource.TOPIC, operation: Operation.WRITE },
  'kafka-cluster:DescribeGroup': { type: Resource.GROUP, operation: Operation.DESCRIBE },
  'kafka-cluster:AlterGroup': { type: Resource.GROUP, operation: Operation.READ },
  'kafka-cluster:DeleteGroup': { type: Resource.GROUP, operation: Operation.DELETE },
};

/** The actions on a cluster, on a topic and on a consumer group. */
export const CLUSTER_ACTIONS = actionsOf(Resource.CLUSTER);
export const TOPIC_ACTIONS = actionsOf(Resource.TOPIC);
export const GROUP_ACTIONS = actionsOf(Resource.GROUP);

/** Makes these the only permissions there are; what stays is not touched. They hold when this returns. */
export async function setPermissions(admin: Admin, grants: readonly KafkaGrant[]): Promise<void> {
  const wanted = new Map(grants.map(aclOf).map((acl) => [keyOf(acl), acl]));
  const { missing, surplus } = differences(wanted, await applied(admin));
  if (missing.length > 0) await admin.createAcls({ creations: missing });
  if (surplus.length > 0) await admin.deleteAcls({ filters: surplus });
  if (missing.length + surplus.length === 0) return;
  const isApplied = async () => {
    const left = differences(wanted, await applied(admin));
    return left.missing.length + left.surplus.length === 0;
  };
  await untilApplied(isApplied, 'the permissions');
}

type Acls = ReadonlyMap<string, Acl>;

/** What the broker's authorizer knows, by key. */
async function applied(admin: Admin): Promise<Acls> {
  const found = await admin.describeAcls({
    filter: {
      resourceType: Resource.ANY,
      resourceName: null,
      resourcePatternType: Pattern.ANY,
      principal: null,
      host: null,
      operation: Operation.ANY,
      permissionType: Permission.ANY,
    },
  });
  return new Map(
    found
      .flatMap(({ acls, ...resource }) => acls.map((acl) => ({ ...resource, ...acl })))
      .map((acl) => [keyOf(acl), acl]),
  );
}

const differences = (wanted: Acls, present: Acls) => ({
  missing: [...wanted].filter(([key]) => !present.has(key)).map(([, acl]) => acl),
  surplus: [...present].filter(([key]) => !wanted.has(key)).map(([, acl]) => acl),
});

const keyOf = ({ resourceType, resourceName, resourcePatternType, principal, host, operation, permissionType }: Acl) =>
  JSON.stringify([resourceType, resourceName, resourcePatternType, principal, host, operation, permissionType]);

function aclOf({ principal, action, name }: KafkaGrant): Acl {
  const rule = RULES[action];
  if (rule === undefined) throw new Error(`${action} has no meaning in Kafka`);
  return {
    resourceType: rule.type,
    resourceName: rule.type === Resource.CLUSTER ? CLUSTER : name,
    resourcePatternType: Pattern.LITERAL,
    principal: `User:${principal}`,
    host: '*',
    operation: rule.operation,
    permissionType: Permission.ALLOW,
  };
}

function actionsOf(type: ResourceTypeValue): string[] {
  return Object.keys(RULES).filter((action) => RULES[action]!.type === type);
}
