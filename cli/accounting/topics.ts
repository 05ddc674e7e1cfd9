import { formatRecord } from '../../model/coordinates.ts';
import { feeds } from '../../model/feeds/index.ts';
import { rowsOf } from '../../model/rows.ts';
import type { FeedName } from '../../model/rules/rule.ts';
import type { Clients } from '../aws.ts';
import { batchNamesOf, type DeployedNames } from './deployed-names.ts';
import type { FeedLog, Log } from './log.ts';
import { distinctRecords, RawReader } from './raw.ts';

/**
 * The records of the topics that feed the speed layer, as far as they have landed in raw: the brokers themselves are
 * reached from their VPC alone. Raw holds each of them once, in the order of its partition.
 */
export class TopicsReader {
  readonly #topics: Readonly<Record<FeedName, string>>;
  readonly #raw: RawReader;

  constructor(clients: Clients, names: DeployedNames, topics: Readonly<Record<FeedName, string>>) {
    this.#topics = topics;
    this.#raw = new RawReader(clients, batchNamesOf(names).rawBucket);
  }

  /** The log of the streams with what the topics hold. */
  async addTo(streams: Log): Promise<Log> {
    const raw = await this.#raw.read(0, this.#topics);
    const withTopic = (feed: FeedName): FeedLog => {
      const { places, rows, ...rest } = streams[feed];
      const records = [...distinctRecords(raw[feed]).values()];
      return {
        ...rest,
        places: new Map([...places, ...records.map((record) => [formatRecord(record), record.arrivalMs] as const)]),
        rows: [...rows, ...records.flatMap((record) => rowsOf(record, feeds[feed]))],
      };
    };
    return { pin: withTopic('pin'), geo: withTopic('geo'), user: withTopic('user') };
  }
}
