import {
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
import { Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { type Deployment, PinflowStack } from '../pinflow-stack.ts';

/** Where brokers listen for clients that authenticate by IAM. */
const KAFKA_IAM = Port.tcp(9098);

const HTTPS = Port.tcp(443);

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
