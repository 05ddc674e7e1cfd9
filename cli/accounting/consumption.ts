import { type EventSourceMappingConfiguration, paginateListEventSourceMappings } from '@aws-sdk/client-lambda';
import type { Consumption } from '../../model/lost-rows.ts';
import type { Clients } from '../aws.ts';
import type { DeployedNames } from './deployed-names.ts';

/** The greatest of Kinesis: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html */
const maxBatchSize = 10_000;

type Reading = Pick<Consumption, 'batchSize' | 'maxRecordAgeMs' | 'runningSince'>;

/** How the clean function reads each stream and topic, by its name. */
export async function readings({ lambda }: Clients, names: DeployedNames): Promise<(source: string) => Reading> {
  const mappings = new Map<string, EventSourceMappingConfiguration>();
  const wanted = { FunctionName: names.cleanFunction };
  for await (const { EventSourceMappings } of paginateListEventSourceMappings({ client: lambda }, wanted)) {
    for (const mapping of EventSourceMappings ?? []) {
      mappings.set(mapping.Topics?.[0] ?? mapping.EventSourceArn?.split(':stream/')[1] ?? '', mapping);
    }
  }
  return (source) => {
    const { ParallelizationFactor = 1, BatchSize = maxBatchSize, ...mapping } = mappings.get(source) ?? {};
    const age = mapping.MaximumRecordAgeInSeconds ?? -1;
    return {
      batchSize: ParallelizationFactor === 1 ? BatchSize : Infinity,
      maxRecordAgeMs: age === -1 ? Infinity : age * 1000,
      runningSince: mapping.State === 'Enabled' ? mapping.LastModified?.getTime() : undefined,
    };
  };
}
