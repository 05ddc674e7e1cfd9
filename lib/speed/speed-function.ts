import { join } from 'node:path';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Aws, Duration, RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { feedNames } from '../../model/rules/rule.ts';
import type { Names } from '../names.ts';
import type { Profile } from '../profiles/index.ts';

export interface SpeedFunctionProps {
  readonly names: Names;
  readonly profile: Profile;
  readonly posts: Table;
}

export interface SpeedFunctionSettings extends SpeedFunctionProps {
  /** The folder of its handler in `lambda/speed`, and how it names itself in its logs. */
  readonly service: 'clean' | 'redrive';
  readonly functionName: string;
  readonly logGroupName: string;
  readonly description: string;
  readonly roleDescription: string;
  /** What it may do besides writing its logs and storing posts. */
  readonly statements: readonly PolicyStatement[];
}

const ROOT = join(import.meta.dirname, '..', '..');

/** A function that stores posts and refused rows, with its logs and a role of its own. */
export class SpeedFunction extends Construct {
  readonly function: NodejsFunction;
  readonly role: Role;
  readonly logs: LogGroup;

  constructor(scope: Construct, id: string, settings: SpeedFunctionSettings) {
    super(scope, id);
    const { names, profile, posts, service } = settings;
    this.logs = new LogGroup(this, 'Logs', {
      logGroupName: settings.logGroupName,
      retention: profile.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', {
      description: settings.roleDescription,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        [service === 'clean' ? 'Clean' : 'Redrive']: new PolicyDocument({
          statements: [
            allow(['logs:CreateLogStream', 'logs:PutLogEvents'], this.logs.logGroupArn),
            allow(['dynamodb:UpdateItem'], posts.tableArn),
            ...settings.statements,
          ],
        }),
      },
    });
    this.function = new NodejsFunction(this, 'Function', {
      functionName: settings.functionName,
      description: settings.description,
      entry: join(ROOT, 'lambda', 'speed', service, 'index.ts'),
      projectRoot: ROOT,
      depsLockFilePath: join(ROOT, 'package-lock.json'),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: profile.clean.memoryMiB,
      timeout: Duration.seconds(profile.clean.timeoutSeconds),
      role: this.role,
      logGroup: this.logs,
      environment: {
        POSTS_TABLE: names.postsTable,
        QUARANTINE_BUCKET: names.buckets.quarantine,
        FEED_BY_STREAM: JSON.stringify(Object.fromEntries(feedNames.map((feed) => [names.streams[feed], feed]))),
        POWERTOOLS_SERVICE_NAME: service,
        POWERTOOLS_METRICS_NAMESPACE: 'Pinflow',
        NODE_OPTIONS: '--enable-source-maps',
      },
      bundling: {
        minify: true,
        sourceMap: true,
        sourcesContent: false,
        bundleAwsSDK: true,
        mainFields: ['module', 'main'],
      },
    });
  }

  /** Tells cdk-nag why the role is granted every object below a prefix of the quarantine bucket. */
  protected acknowledgeObjects(names: Names, prefix: string, reason: string): void {
    const bucket = names.buckets.quarantine
      .replaceAll(Aws.ACCOUNT_ID, '<AWS::AccountId>')
      .replaceAll(Aws.REGION, '<AWS::Region>');
    Validations.of(this.role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::${bucket}/${prefix}/*]`,
      reason,
    });
  }
}

export const quarantineArn = (names: Names): string => `arn:${Aws.PARTITION}:s3:::${names.buckets.quarantine}`;

export function allow(actions: string[], ...resources: string[]): PolicyStatement {
  return new PolicyStatement({ actions, resources });
}
