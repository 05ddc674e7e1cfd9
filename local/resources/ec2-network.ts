import { createHash } from 'node:crypto';
import type { DeployedResource, ResourceRequest, ResourceType } from './resource.ts';

const REASON = 'there is no network here but the loopback interface';

/** Type -> the prefix of its ids, and what templates can ask of it beside the id. */
const TYPES: Readonly<Record<string, { prefix: string; attributes(id: string, request: ResourceRequest): object }>> = {
  'AWS::EC2::VPC': {
    prefix: 'vpc',
    attributes: (id, { properties }) => ({
      VpcId: id,
      CidrBlock: String(properties['CidrBlock']),
      DefaultSecurityGroup: id.replace('vpc', 'sg'),
      DefaultNetworkAcl: id.replace('vpc', 'acl'),
    }),
  },
  'AWS::EC2::Subnet': {
    prefix: 'subnet',
    attributes: (id, { properties, region }) => ({
      SubnetId: id,
      VpcId: String(properties['VpcId']),
      CidrBlock: String(properties['CidrBlock']),
      AvailabilityZone: `${region}a`,
    }),
  },
  'AWS::EC2::RouteTable': { prefix: 'rtb', attributes: (id) => ({ RouteTableId: id }) },
  'AWS::EC2::Route': { prefix: 'r', attributes: () => ({}) },
  'AWS::EC2::SubnetRouteTableAssociation': { prefix: 'rtbassoc', attributes: (id) => ({ Id: id }) },
  'AWS::EC2::SecurityGroup': {
    prefix: 'sg',
    attributes: (id, { properties }) => ({ GroupId: id, Id: id, VpcId: String(properties['VpcId']) }),
  },
  'AWS::EC2::SecurityGroupIngress': { prefix: 'sgr', attributes: (id) => ({ Id: id }) },
  'AWS::EC2::SecurityGroupEgress': { prefix: 'sgr', attributes: (id) => ({ Id: id }) },
  'AWS::EC2::VPCEndpoint': { prefix: 'vpce', attributes: (id) => ({ Id: id }) },
};

/**
 * The network of a template: resources that have ids, and no effect.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EC2.html
 */
export function ec2Network(): ResourceType[] {
  return Object.entries(TYPES).map(([type, { prefix, attributes }]) => ({
    type,
    implemented: [],
    inert: { '*': REASON },
    async create(request): Promise<DeployedResource> {
      const digest = createHash('sha256').update(`${request.stack}/${request.logicalId}`).digest('hex');
      const id = `${prefix}-${digest.slice(0, 17)}`;
      return { ref: id, attributes: { ...attributes(id, request) } };
    },
  }));
}
