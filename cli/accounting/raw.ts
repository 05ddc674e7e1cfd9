import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { formatRecord } from '../../model/coordinates.ts';
import { readRawLine } from '../../model/read-raw-line.ts';
import type { LogRecord } from '../../model/rows.ts';
import { type FeedName, feedNames } from '../../model/rules/rule.ts';
import type { Clients } from '../aws.ts';
import { concurrently } from '../concurrently.ts';
import { listObjects } from '../quarantine/bucket.ts';

const unzipped = promisify(gunzip);
/** Objects read at the same time. */
const concurrency = 16;

export interface RawObject {
  readonly key: string;
  /** As stored. */
  readonly bytes: number;
  readonly records: readonly LogRecord[];
}

export type Raw = Readonly<Record<FeedName, readonly RawObject[]>>;

/** Reads the raw bucket, again and again: an object is never another one, so each is fetched once. */
export class RawReader {
  readonly #clients: Clients;
  readonly #bucket: string;
  readonly #read = new Map<string, RawObject>();

  constructor(clients: Clients, bucket: string) {
    this.#clients = clients;
    this.#bucket = bucket;
  }

  /**
   * @param since epoch ms: days before it are not read
   * @param of streams and topics to read. @default - all
   */
  async read(since = 0, of?: Readonly<Record<FeedName, string>>): Promise<Raw> {
    const [pin, geo, user] = await Promise.all(feedNames.map((feed) => this.#feed(feed, since, of?.[feed])));
    return { pin: pin!, geo: geo!, user: user! };
  }

  async #feed(feed: FeedName, since: number, source: string | undefined): Promise<readonly RawObject[]> {
    const firstDay = new Date(since).toISOString().slice(0, 10);
    const objects = (await listObjects(this.#clients, this.#bucket, `raw/${feed}/`)).filter(
      ({ key }) =>
        (/\/dt=([^/]+)\//.exec(key)?.[1] ?? '') >= firstDay && (source === undefined || key.includes(`/${source}+`)),
    );
    return concurrently(objects, concurrency, async ({ key, bytes }) => {
      const known = this.#read.get(key);
      if (known !== undefined) return known;
      const { Body } = await this.#clients.s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      const text = (await unzipped(await Body!.transformToByteArray())).toString('utf8');
      const records = text.split('\n').flatMap((line) => (line === '' ? [] : [readRawLine(line)]));
      const object = { key, bytes, records };
      this.#read.set(key, object);
      return object;
    });
  }
}

/** The distinct records of the objects, by coordinate. */
export function distinctRecords(objects: readonly RawObject[]): ReadonlyMap<string, LogRecord> {
  return new Map(objects.flatMap(({ records }) => records.map((record) => [formatRecord(record), record] as const)));
}
