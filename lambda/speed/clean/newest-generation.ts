import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { unregistered } from '../../../model/counters/registry.ts';
import { readRegistry } from '../../shared/registry.ts';

/** The newest generation of counters, as far as it is known: the aggregator stamps posts again that were told an old one. */
export interface NewestGeneration {
  current(signal: AbortSignal): Promise<number>;
  heardOf(generation: number): void;
}

const keptMs = 5_000;
/** While there is none, each post that is stored has to be touched. */
const noneKeptMs = 200;

/** Read from the registry every few seconds. Where it cannot be read, what was last known is good enough. */
export function newestGeneration(client: DynamoDBClient, countersTable: string, now: () => number): NewestGeneration {
  let known = unregistered;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  const read = async (signal: AbortSignal) => {
    try {
      const registry = await readRegistry(client, countersTable, signal);
      known = Math.max(known, registry?.newest ?? unregistered);
    } catch {
      // Nothing depends on it.
    }
    readAt = now();
    reading = undefined;
  };
  return {
    async current(signal) {
      if (now() - readAt > (known === unregistered ? noneKeptMs : keptMs)) {
        reading ??= read(signal);
        await reading;
      }
      return known;
    },
    heardOf(generation) {
      known = Math.max(known, generation);
    },
  };
}
