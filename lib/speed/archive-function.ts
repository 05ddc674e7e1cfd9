import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Duration, Stack, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { feedNames } from '../../model/rules/rule.ts';
import { allow, bucketArn, nagged } from '../allow.ts';
import type { Names } from '../names.ts';
import { NodeFunction } from '../node-function.ts';
import type { Profile } from '../profiles/index.ts';
import { READ_STREAM } from './read-stream.ts';

export interface ArchiveFunctionProps {
  readonly names: Names;
  readonly profile: Profile;
}

/** Reads the stream of every feed and writes its records to raw, as the connector does for topics. */
export class ArchiveFunction extends NodeFunction {
  constructor(scope: Construct, id: string, { names, profile }: ArchiveFunctionProps) {
    const { archive } = profile;
    const objects = bucketArn(names.buckets.raw, 'raw/*');
    const streamArns = feedNames.map((feed) =>
      Stack.of(scope).formatArn({ service: 'kinesis', resource: 'stream', resourceName: names.streams[feed] }),
    );
    super(scope, id, {
      handler: 'speed/archive',
      functionName: names.archiveFunction,
      logGroupName: names.logGroups.archive,
      logRetention: profile.logRetention,
      description: 'Writes the records of every stream to raw',
      roleDescription: 'The archive function: reads the streams, writes to the raw bucket',
      policyName: 'Archive',
      statements: [
        allow([...READ_STREAM], ...streamArns),
        // Reading is a look at the metadata of an object that an earlier try wrote.
        allow(['s3:GetObject', 's3:PutObject'], objects),
        // Without it, an object that is not there would be a refusal.
        allow(['s3:ListBucket'], bucketArn(names.buckets.raw)),
      ],
      memoryMiB: archive.memoryMiB,
      timeoutSeconds: archive.timeoutSeconds,
      environment: {
        RAW_BUCKET: names.buckets.raw,
        FEED_BY_SOURCE: JSON.stringify(Object.fromEntries(feedNames.map((feed) => [names.streams[feed], feed]))),
      },
    });
    Validations.of(this.role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${nagged(objects)}]`,
      reason: 'An object is named after the record that it begins with.',
    });
    for (const [index, feed] of feedNames.entries()) {
      new EventSourceMapping(this, feed, {
        target: this.function,
        eventSourceArn: streamArns[index]!,
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: archive.batchSize,
        maxBatchingWindow: Duration.seconds(archive.batchingWindowSeconds),
        // So that a retry starts where the failed batch started, and meets the object that it wrote.
        parallelizationFactor: 1,
        bisectBatchOnError: false,
        reportBatchItemFailures: true,
        // No record is too bad to be archived: only S3 can fail, and raw must have no gap. It is tried for as long as the
        // stream keeps the records.
      });
    }
  }
}
