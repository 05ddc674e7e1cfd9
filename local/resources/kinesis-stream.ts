import type { KinesisService } from '../services/kinesis/service.ts';
import type { ResourceType } from './resource.ts';

/** A stream has other shards than its template says. */
export class ShardCountError extends Error {
  constructor(path: string, stream: string, open: number, wanted: number) {
    super(
      `${path}: the stream ${stream} has ${open} shards and its template now says ${wanted}. Streams are not resharded here: ` +
        'set ShardCount back, or clear the local state with `npm run reset`.',
    );
    this.name = 'ShardCountError';
  }
}

const DEFAULT_RETENTION_HOURS = 24;

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesis-stream.html */
export function kinesisStream(kinesis: KinesisService): ResourceType {
  const call = (operation: string, input: Record<string, unknown>) => kinesis.call(operation, input);
  return {
    type: 'AWS::Kinesis::Stream',
    implemented: ['Name', 'ShardCount', 'RetentionPeriodHours', 'StreamModeDetails.StreamMode'],
    inert: {
      StreamEncryption: 'records are kept in plain files below the state directory',
      Tags: 'nothing here reads tags',
    },
    async create({ properties, path, generatedName }) {
      const name: string = properties['Name'] ?? generatedName(128);
      const mode: string = properties['StreamModeDetails']?.StreamMode ?? 'PROVISIONED';
      const wanted = Number(properties['ShardCount'] ?? 1);
      const existing = await kinesis.find(name);
      if (existing === undefined) {
        await call('CreateStream', { StreamName: name, ShardCount: wanted, StreamModeDetails: { StreamMode: mode } });
      } else if (mode === 'PROVISIONED') {
        const open = existing.Shards.filter((shard) => shard.SequenceNumberRange.EndingSequenceNumber === undefined);
        if (open.length !== wanted) throw new ShardCountError(path, name, open.length, wanted);
      }
      const retention = Number(properties['RetentionPeriodHours'] ?? DEFAULT_RETENTION_HOURS);
      const current = existing?.RetentionPeriodHours ?? DEFAULT_RETENTION_HOURS;
      if (retention !== current) {
        const operation = retention > current ? 'IncreaseStreamRetentionPeriod' : 'DecreaseStreamRetentionPeriod';
        await call(operation, { StreamName: name, RetentionPeriodHours: retention });
      }
      return { ref: name, attributes: { Arn: kinesis.arn(name) } };
    },
  };
}
