import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Caller } from '../../access/caller.ts';

export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

/** Who asked is told what fails; without this the SDK tells the terminal too. */
const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

/** Results in S3, written and read through the front door with the caller's own rights. */
export class ResultObjects {
  readonly #endpoint: string;
  readonly #region: string;
  readonly #clients = new Map<string, S3Client>();

  constructor({ endpoint, region }: { readonly endpoint: string; readonly region: string }) {
    this.#endpoint = endpoint;
    this.#region = region;
  }

  close(): void {
    for (const client of this.#clients.values()) client.destroy();
  }

  async put(caller: Caller, { bucket, key }: ObjectPlace, file: string, bytes: number): Promise<void> {
    const { PutObjectCommand } = await import('@aws-sdk/client-s3');
    const client = await this.#client(caller);
    const content = { Body: createReadStream(file), ContentLength: bytes, ContentType: 'application/octet-stream' };
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, ...content }));
  }

  /** From the byte `start` on; undefined when there is nothing. */
  async get(caller: Caller, { bucket, key }: ObjectPlace, start: number): Promise<Readable | undefined> {
    const { GetObjectCommand } = await import('@aws-sdk/client-s3');
    const client = await this.#client(caller);
    const range = start > 0 ? { Range: `bytes=${start}-` } : {};
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...range }));
    return Body as Readable | undefined;
  }

  async #client(caller: Caller): Promise<S3Client> {
    const known = this.#clients.get(caller.accessKeyId);
    if (known !== undefined) return known;
    const { S3Client } = await import('@aws-sdk/client-s3');
    const client = new S3Client({
      endpoint: this.#endpoint,
      region: this.#region,
      forcePathStyle: true,
      logger: QUIET,
      credentials: { accessKeyId: caller.accessKeyId, secretAccessKey: caller.secretAccessKey },
    });
    this.#clients.set(caller.accessKeyId, client);
    return client;
  }
}

/** @returns undefined for what is no `s3://bucket/prefix` */
export function placeOf(location: string): ObjectPlace | undefined {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(location) ?? [];
  return bucket === undefined ? undefined : { bucket, key };
}
