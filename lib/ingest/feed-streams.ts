import { Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import { Duration, type RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { feedNames } from '../../model/rules/rule.ts';
import type { Names } from '../names.ts';
import type { Profile } from '../profiles/index.ts';

export interface FeedStreamsProps {
  readonly names: Names;
  readonly profile: Profile;
  readonly removalPolicy: RemovalPolicy;
}

/** For how long streams keep records. */
export const STREAM_HOURS = 24;

/** One Kinesis stream for each feed. */
export class FeedStreams extends Construct {
  readonly all: readonly Stream[];
  /** In the order in which ListStreams gives them. */
  readonly names: readonly string[];

  constructor(scope: Construct, id: string, { names, profile, removalPolicy }: FeedStreamsProps) {
    super(scope, id);
    const capacity =
      profile.streams.mode === 'on-demand'
        ? { streamMode: StreamMode.ON_DEMAND }
        : { streamMode: StreamMode.PROVISIONED, shardCount: profile.streams.shards };
    this.all = feedNames.map(
      (feed) =>
        new Stream(this, feed, {
          streamName: names.streams[feed],
          encryption: StreamEncryption.MANAGED,
          retentionPeriod: Duration.hours(STREAM_HOURS),
          removalPolicy,
          ...capacity,
        }),
    );
    this.names = feedNames.map((feed) => names.streams[feed]).sort();
  }

  get arns(): string[] {
    return this.all.map((stream) => stream.streamArn);
  }
}
