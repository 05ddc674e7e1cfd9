import {
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { RecordedCall } from '../access/recorder.ts';
import type { HeldRecord } from './records.ts';

/** Of a bucket. */
const KEPT = 20;
/** A call is through by then, one way or the other. */
const SETTLED_MS = 10_000;

interface Seen {
  /** Key -> when a call last put or deleted it: whether it did is not known yet. */
  readonly touched: Map<string, number>;
  /** The newest last, where there is more of it than of others of the same second. */
  readonly objects: Map<string, HeldRecord>;
  /** Whether `objects` are all there are. */
  isWhole: boolean;
}

/**
 * The newest objects of buckets. S3 lists by key alone, so a bucket is listed only where the record of calls does not
 * tell enough: what was written since the start is asked for by its key.
 */
export class BucketRecords {
  readonly #s3: Pick<S3Client, 'send'>;
  readonly #shown: number;
  readonly #buckets = new Map<string, Seen>();

  /** @param shown how many are told; fewer than are kept */
  constructor(s3: Pick<S3Client, 'send'>, shown: number) {
    this.#s3 = s3;
    this.#shown = shown;
  }

  see({ action, resource, allowed, time }: RecordedCall): void {
    const isPut = action === 's3:PutObject';
    if (!allowed || !(isPut || action.startsWith('s3:DeleteObject'))) return;
    const [, bucket, key] = /^arn:aws:s3:::([^/]+)\/(.+)$/s.exec(resource) ?? [];
    if (bucket === undefined || key === undefined) return;
    const { touched, objects } = this.#seen(bucket);
    if (!isPut && !touched.has(key) && !objects.has(key)) return;
    touched.delete(key);
    touched.set(key, time);
    if (touched.size > KEPT) touched.delete(touched.keys().next().value!);
  }

  async newest(bucket: string): Promise<HeldRecord[]> {
    const seen = this.#seen(bucket);
    await this.#lookAgain(bucket, seen);
    if (!seen.isWhole && seen.objects.size < this.#shown) await this.#list(bucket, seen);
    const newestFirst = [...seen.objects.values()].reverse().sort(byTime);
    for (const { key } of newestFirst.slice(KEPT)) {
      seen.objects.delete(key);
      seen.isWhole = false;
    }
    return newestFirst.slice(0, this.#shown);
  }

  async #lookAgain(bucket: string, { touched, objects }: Seen): Promise<void> {
    const settled = Date.now() - SETTLED_MS;
    const keys = [...touched];
    const found = await Promise.all(keys.map(async ([key]) => [key, await this.#head(bucket, key)] as const));
    for (const [key, record] of found) {
      objects.delete(key);
      if (record !== undefined) objects.set(key, record);
    }
    for (const [key, time] of keys) if (time < settled && touched.get(key) === time) touched.delete(key);
  }

  async #list(Bucket: string, seen: Seen): Promise<void> {
    let ContinuationToken: string | undefined;
    seen.isWhole = true;
    do {
      const page = await this.#s3.send(
        new ListObjectsV2Command({ Bucket, ...(ContinuationToken && { ContinuationToken }) }),
      );
      for (const { Key = '', Size, LastModified } of page.Contents ?? []) {
        if (!seen.objects.has(Key)) seen.objects.set(Key, heldRecord(Key, Size, LastModified));
      }
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  async #head(Bucket: string, Key: string): Promise<HeldRecord | undefined> {
    try {
      const { ContentLength, LastModified }: HeadObjectCommandOutput = await this.#s3.send(
        new HeadObjectCommand({ Bucket, Key }),
      );
      return heldRecord(Key, ContentLength, LastModified);
    } catch (error) {
      if ((error as { readonly name?: string }).name === 'NotFound') return undefined;
      throw error;
    }
  }

  #seen(bucket: string): Seen {
    const known = this.#buckets.get(bucket);
    if (known !== undefined) return known;
    const seen: Seen = { touched: new Map(), objects: new Map(), isWhole: false };
    this.#buckets.set(bucket, seen);
    return seen;
  }
}

const heldRecord = (key: string, bytes = 0, modified?: Date): HeldRecord => ({
  time: modified?.getTime() ?? null,
  key,
  value: `${bytes} bytes`,
});

const byTime = (a: HeldRecord, b: HeldRecord): number => (b.time ?? 0) - (a.time ?? 0);
