import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { feedNames } from '../../model/rules/rule.ts';
import { READ_STREAM } from './read-stream.ts';
import { allow, quarantineArn, SpeedFunction, type SpeedFunctionProps } from './speed-function.ts';

/** Reads the stream of every feed; writes posts, and what a rule refuses to quarantine. */
export class CleanFunction extends SpeedFunction {
  constructor(scope: Construct, id: string, props: SpeedFunctionProps) {
    const { names, profile } = props;
    const bucketArn = quarantineArn(names);
    const streamArns = feedNames.map((feed) =>
      Stack.of(scope).formatArn({ service: 'kinesis', resource: 'stream', resourceName: names.streams[feed] }),
    );
    super(scope, id, {
      ...props,
      service: 'clean',
      functionName: names.cleanFunction,
      logGroupName: names.logGroups.clean,
      description: 'Cleans the records of every stream and stores them as posts',
      roleDescription: 'The clean function: reads the streams, stores posts and refused rows',
      statements: [
        allow([...READ_STREAM], ...streamArns),
        // Rows that a rule refused, and the batches that the event source mapping gave up.
        allow(['s3:PutObject'], `${bucketArn}/quarantine/*`, `${bucketArn}/aws/lambda/*`),
        allow(['s3:ListBucket'], bucketArn),
      ],
    });
    for (const [index, feed] of feedNames.entries()) {
      new EventSourceMapping(this, feed, {
        target: this.function,
        eventSourceArn: streamArns[index]!,
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: profile.clean.batchSize,
        maxBatchingWindow: Duration.seconds(profile.clean.batchingWindowSeconds),
        // Two batches of one shard at a time would only compete for the same posts.
        parallelizationFactor: 1,
        bisectBatchOnError: profile.clean.bisectOnError,
        reportBatchItemFailures: true,
        retryAttempts: profile.clean.retries,
        maxRecordAge: Duration.seconds(profile.clean.maxRecordAgeSeconds),
        // A bucket keeps the records themselves; a queue would be told only where they were.
        onFailure: { bind: () => ({ destination: bucketArn }) },
      });
    }
    for (const [prefix, content] of [
      ['quarantine', 'rows that a rule refused'],
      ['aws/lambda', 'batches that the event source mappings gave up'],
    ] as const) {
      this.acknowledgeObjects(
        names,
        prefix,
        `Each of the ${content} is an object of its own below this prefix; only writing is allowed.`,
      );
    }
  }
}
