import { join } from 'node:path';
import { PolicyDocument, type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, type NodejsFunctionProps } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { allow } from './allow.ts';

export interface NodeFunctionProps {
  /** The folder of its handler in `lambda/`; its last part is how it names itself in its logs. */
  readonly handler: string;
  readonly functionName: string;
  readonly logGroupName: string;
  readonly logRetention: RetentionDays;
  readonly description: string;
  readonly roleDescription: string;
  readonly policyName: string;
  /** What it may do besides writing its logs. */
  readonly statements: readonly PolicyStatement[];
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Further arguments of esbuild. @default - none */
  readonly esbuildArgs?: Readonly<Record<string, string[]>>;
  /** @default - in no VPC, as many environments as the account allows */
  readonly function?: Pick<
    NodejsFunctionProps,
    'vpc' | 'vpcSubnets' | 'securityGroups' | 'reservedConcurrentExecutions'
  >;
}

const ROOT = join(import.meta.dirname, '..');

/** A function of `lambda/`, with its logs and a role of its own. */
export class NodeFunction extends Construct {
  readonly function: NodejsFunction;
  readonly role: Role;
  readonly logs: LogGroup;

  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    super(scope, id);
    this.logs = new LogGroup(this, 'Logs', {
      logGroupName: props.logGroupName,
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', {
      description: props.roleDescription,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        [props.policyName]: new PolicyDocument({
          statements: [
            allow(['logs:CreateLogStream', 'logs:PutLogEvents'], this.logs.logGroupArn),
            ...props.statements,
          ],
        }),
      },
    });
    this.function = new NodejsFunction(this, 'Function', {
      functionName: props.functionName,
      description: props.description,
      entry: join(ROOT, 'lambda', props.handler, 'index.ts'),
      projectRoot: ROOT,
      depsLockFilePath: join(ROOT, 'package-lock.json'),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memoryMiB,
      timeout: Duration.seconds(props.timeoutSeconds),
      role: this.role,
      logGroup: this.logs,
      environment: {
        ...props.environment,
        POWERTOOLS_SERVICE_NAME: props.handler.split('/').at(-1)!,
        POWERTOOLS_METRICS_NAMESPACE: 'Pinflow',
        NODE_OPTIONS: '--enable-source-maps',
      },
      bundling: {
        minify: true,
        sourceMap: true,
        sourcesContent: false,
        bundleAwsSDK: true,
        mainFields: ['module', 'main'],
        ...(props.esbuildArgs && { esbuildArgs: props.esbuildArgs }),
      },
      ...props.function,
    });
  }
}
