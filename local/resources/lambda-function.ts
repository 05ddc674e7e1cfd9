import { statSync } from 'node:fs';
import type { LambdaService } from '../services/lambda/service.ts';
import type { ResourceType } from './resource.ts';

/** A function's code cannot be found or run here. */
export class FunctionCodeError extends Error {
  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.name = 'FunctionCodeError';
  }
}

const DEFAULT_TIMEOUT_SECONDS = 3;
const DEFAULT_MEMORY_MB = 128;

/**
 * @param assetPath the local folder that stands for an object key of the asset bucket
 *
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
 */
export function lambdaFunction(lambda: LambdaService, assetPath: (key: string) => string | undefined): ResourceType {
  return {
    type: 'AWS::Lambda::Function',
    implemented: [
      'FunctionName',
      'Code.S3Bucket',
      'Code.S3Key',
      'Environment.Variables',
      'Handler',
      'LoggingConfig.LogGroup',
      'LoggingConfig.LogFormat',
      'MemorySize',
      'PackageType',
      'ReservedConcurrentExecutions',
      'Role',
      'Runtime',
      'Timeout',
    ],
    inert: {
      Architectures: 'functions run on the processor of this machine',
      Description: 'a text for people',
      Tags: 'nothing here reads tags',
      VpcConfig: 'functions reach everything on the loopback interface',
      TracingConfig: 'traces are not collected',
      KmsKeyArn: 'environment variables are handed to the process as they are',
      RecursiveLoop: 'no loop between services is detected',
    },
    check: ({ Runtime, PackageType, LoggingConfig }) => [
      ...(/^nodejs\d+\.x$/.test(Runtime) ? [] : [`has the runtime ${Runtime}; only Node.js functions run here`]),
      ...((PackageType ?? 'Zip') === 'Zip' ? [] : ['is a container image; only bundles run here']),
      ...((LoggingConfig?.LogFormat ?? 'Text') === 'Text'
        ? []
        : ['has the log format JSON; only Text is written here']),
    ],
    async create({ properties, path, generatedName }) {
      const name: string = properties['FunctionName'] ?? generatedName(64);
      const key: string = properties['Code'].S3Key;
      const directory = assetPath(key);
      if (directory === undefined)
        throw new FunctionCodeError(path, `the assembly has no asset ${key}; synthesize again.`);
      if (!statSync(directory).isDirectory()) {
        throw new FunctionCodeError(
          path,
          `the asset ${directory} is a file; functions are run from folders, so do not zip it.`,
        );
      }
      const reserved = properties['ReservedConcurrentExecutions'];
      await lambda.define({
        name,
        directory,
        handler: properties['Handler'],
        roleArn: properties['Role'],
        environment: Object.fromEntries(
          Object.entries(properties['Environment']?.Variables ?? {}).map(([variable, value]) => [
            variable,
            String(value),
          ]),
        ),
        timeoutSeconds: Number(properties['Timeout'] ?? DEFAULT_TIMEOUT_SECONDS),
        memoryMb: Number(properties['MemorySize'] ?? DEFAULT_MEMORY_MB),
        ...(reserved === undefined ? {} : { reservedConcurrency: Number(reserved) }),
        logGroup: properties['LoggingConfig']?.LogGroup ?? `/aws/lambda/${name}`,
      });
      return { ref: name, attributes: { Arn: lambda.arn(name) } };
    },
    remove: ({ ref }) => lambda.remove(ref),
  };
}
