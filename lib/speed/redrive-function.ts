import type { Construct } from 'constructs';
import { allow, quarantineArn, SpeedFunction, type SpeedFunctionProps } from './speed-function.ts';

/** Takes up again what is in quarantine and what the event source mappings gave up. People invoke it. */
export class RedriveFunction extends SpeedFunction {
  constructor(scope: Construct, id: string, props: SpeedFunctionProps) {
    const { names } = props;
    const bucketArn = quarantineArn(names);
    super(scope, id, {
      ...props,
      service: 'redrive',
      functionName: names.redriveFunction,
      logGroupName: names.logGroups.redrive,
      description: 'Stores quarantined rows and given up batches under their original coordinates',
      roleDescription: 'The redrive function: takes rows out of quarantine and stores posts',
      statements: [
        allow(['s3:GetObject', 's3:DeleteObject'], `${bucketArn}/quarantine/speed/*`, `${bucketArn}/aws/lambda/*`),
        allow(['s3:PutObject'], `${bucketArn}/quarantine/speed/*`),
        // Without it, an object that is gone would be a refusal.
        allow(['s3:ListBucket'], bucketArn),
      ],
    });
    for (const [prefix, content] of [
      ['quarantine/speed', 'rows that a rule refused'],
      ['aws/lambda', 'batches that the event source mappings gave up'],
    ] as const) {
      this.acknowledgeObjects(
        names,
        prefix,
        `Each of the ${content} is an object of its own below this prefix, and is deleted once it is taken up.`,
      );
    }
  }
}
