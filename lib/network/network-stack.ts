import {
  type CfnSubnet,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Aws, CfnCondition, Fn, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { type Deployment, PinflowStack } from '../pinflow-stack.ts';

/** Where brokers listen for clients that authenticate by IAM. */
const KAFKA_IAM = Port.tcp(9098);

const HTTPS = Port.tcp(443);

/**
 * MSK takes no subnet in the zone use1-az3, which has another letter in every account; the other zones of the region have
 * all that is used here. @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-msk-cluster-brokernodegroupinfo.html
 */
const ZONES = { region: 'us-east-1', ids: ['use1-az2', 'use1-az4'] } as const;

/**
 * Two subnets that no route leaves but to S3 and DynamoDB. Who is in here signs for the brokers with credentials it
 * already has, and logs are taken from outside the VPC. So no interface endpoint is needed, unless Lambda reads the
 * topics itself.
 */
export class NetworkStack extends PinflowStack {
  readonly vpc: Vpc;
  readonly brokers: SecurityGroup;
  /** Of the function that writes to the topics. */
  readonly kafkaRest: SecurityGroup;
  /** Of the connector. */
  readonly sink: SecurityGroup;

  constructor(scope: Construct, props: Deployment) {
    super(scope, 'network', props, { description: 'Pinflow: the VPC of the brokers and their clients' });
    this.vpc = new Vpc(this, 'Vpc', {
      vpcName: this.names.cluster,
      ipAddresses: IpAddresses.cidr('10.42.0.0/20'),
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'isolated', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 }],
      // Emptying the default security group would take a custom resource; nothing is in it.
      restrictDefaultSecurityGroup: false,
      gatewayEndpoints: {
        S3: { service: GatewayVpcEndpointAwsService.S3 },
        DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
    });
    this.keepToZones();
    this.brokers = this.securityGroup('Brokers', 'The brokers');
    this.kafkaRest = this.securityGroup('KafkaRest', 'The function that writes to the topics');
    this.sink = this.securityGroup('Sink', 'The connector that writes the topics to S3');
    for (const client of [this.kafkaRest, this.sink]) this.brokers.connections.allowFrom(client, KAFKA_IAM);
    // The only way there is the gateway endpoint of S3.
    this.sink.addEgressRule(Peer.anyIpv4(), HTTPS, 'S3');
    if (this.profile.topicsFeedSpeed) this.letLambdaPoll();
    Validations.of(this.vpc).acknowledge({
      id: 'AwsSolutions-VPC7',
      reason: 'No route leaves the VPC but to S3 and DynamoDB, and the brokers log who connects.',
    });
  }

  /** Elsewhere the subnets are in the first zones that the account has. */
  private keepToZones(): void {
    const isThere = new CfnCondition(this, 'HasOtherZones', {
      expression: Fn.conditionEquals(Aws.REGION, ZONES.region),
    }).logicalId;
    for (const [at, { node }] of this.vpc.isolatedSubnets.entries()) {
      const subnet = node.defaultChild as CfnSubnet;
      subnet.availabilityZone = Fn.conditionIf(isThere, Aws.NO_VALUE, subnet.availabilityZone).toString();
      subnet.availabilityZoneId = Fn.conditionIf(isThere, ZONES.ids[at], Aws.NO_VALUE).toString();
      Validations.of(subnet).acknowledge({
        id: 'CloudFormation-Validate::F3020',
        reason: 'Where one of the two says the zone, the other has no value.',
      });
    }
  }

  /**
   * Event source mappings of topics poll from the cluster's subnets, in its security group, and reach Lambda and STS from
   * there. @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk-cluster-network.html
   */
  private letLambdaPoll(): void {
    const endpoints = this.securityGroup('Endpoints', 'The endpoints of Lambda and STS');
    for (const [id, service] of [
      ['Lambda', InterfaceVpcEndpointAwsService.LAMBDA],
      ['Sts', InterfaceVpcEndpointAwsService.STS],
    ] as const) {
      this.vpc.addInterfaceEndpoint(id, {
        service,
        subnets: { subnets: this.vpc.isolatedSubnets },
        securityGroups: [endpoints],
        open: false,
      });
    }
    this.brokers.connections.allowInternally(KAFKA_IAM);
    this.brokers.connections.allowTo(endpoints, HTTPS);
  }

  private securityGroup(id: string, description: string): SecurityGroup {
    return new SecurityGroup(this, id, { vpc: this.vpc as IVpc, description, allowAllOutbound: false });
  }
}
