import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { feedNames } from '../../model/rules/rule.ts';
import type { KafkaArns } from '../broker/kafka-arns.ts';
import { READ_STREAM } from './read-stream.ts';
import { readTopics, readTopicsStatements } from './read-topics.ts';
import { allow, quarantineArn, SpeedFunction, type SpeedFunctionProps } from './speed-function.ts';

export interface CleanFunctionProps extends SpeedFunctionProps {
  /** Of the cluster whose topics it reads too. @default - it reads streams only */
  readonly kafka?: KafkaArns;
}

/** Reads the stream of every feed, and its topic; writes posts, and what a rule refuses to quarantine. */
export class CleanFunction extends SpeedFunction {
  constructor(scope: Construct, id: string, { kafka, ...props }: CleanFunctionProps) {
    const { names, profile } = props;
    const topics = kafka && { names, settings: profile.clean, arns: kafka };
    const bucketArn = quarantineArn(names);
    const streamArns = feedNames.map((feed) =>
      Stack.of(scope).formatArn({ service: 'kinesis', resource: 'stream', resourceName: names.streams[feed] }),
    );
    super(scope, id, {
      ...props,
      service: 'clean',
      functionName: names.cleanFunction,
      logGroupName: names.logGroups.clean,
      description: 'Cleans records and stores them as posts',
      roleDescription: 'The clean function: reads what arrives, stores posts and refused rows',
      statements: [
        allow([...READ_STREAM], ...streamArns),
        ...(topics ? readTopicsStatements(topics) : []),
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
    if (topics) readTopics(this, topics);
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
