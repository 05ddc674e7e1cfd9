import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core';
import { AwsCustomResource, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { allow } from '../allow.ts';

export interface BootstrapBrokersProps {
  readonly clusterArn: string;
  /** Asks again when it changes. */
  readonly brokers: number;
  readonly logGroupName: string;
  readonly logRetention: RetentionDays;
}

/**
 * Asks MSK for the addresses of a cluster's brokers, which `AWS::MSK::Cluster` does not tell and a connector needs when it
 * is made. It waits for nothing: the cluster is there before it asks.
 */
export class BootstrapBrokers extends Construct {
  readonly servers: string;

  constructor(scope: Construct, id: string, props: BootstrapBrokersProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: props.logGroupName,
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      description: 'Asks MSK for the addresses of the brokers, at deployment',
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        Ask: new PolicyDocument({
          statements: [
            allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup.logGroupArn),
            allow(['kafka:GetBootstrapBrokers'], props.clusterArn),
          ],
        }),
      },
    });
    const ask = new AwsCustomResource(this, 'Ask', {
      resourceType: 'Custom::BootstrapBrokers',
      installLatestAwsSdk: false,
      role,
      logGroup,
      timeout: Duration.minutes(2),
      onUpdate: {
        service: 'kafka',
        action: 'GetBootstrapBrokers',
        parameters: { ClusterArn: props.clusterArn },
        physicalResourceId: PhysicalResourceId.of(`bootstrap-of-${props.brokers}`),
        outputPaths: ['BootstrapBrokerStringSaslIam'],
      },
    });
    this.servers = ask.getResponseField('BootstrapBrokerStringSaslIam');
    acknowledgeRuntime(this);
  }
}

function acknowledgeRuntime(scope: Construct): void {
  for (const child of Stack.of(scope).node.findAll()) {
    if (child instanceof CfnFunction) {
      Validations.of(child).acknowledge({
        id: 'AwsSolutions-L1',
        reason: "The function is CDK's own, with the runtime that CDK tests it on.",
      });
    }
  }
}
