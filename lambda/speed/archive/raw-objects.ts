import { gzipSync } from 'node:zlib';
import { HeadObjectCommand, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { lastOffsetMetadata, type RawRecord, rawLine, recordsMetadata } from '../../../model/raw-line.ts';

export interface RawObjects {
  /**
   * Creates the object of these records, one or more of one shard and date, unless there is one.
   * @throws RawObjectError, and what S3 answers
   */
  land(key: string, records: readonly RawRecord[], signal: AbortSignal): Promise<LandedObject>;
}

export interface LandedObject {
  /** The last offset of the object that is there now. */
  readonly last: string;
  /** That were written; 0 when it was there already. */
  readonly bytes: number;
}

/** An object was not written by this function. */
export class RawObjectError extends Error {
  override readonly name = 'RawObjectError';
}

/** Another write of the same key is under way, or its object was deleted meanwhile: tried again. */
class UndecidedError extends Error {
  // One of the faults that pass.
  override readonly name = 'ServiceUnavailable';
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
export function s3RawObjects(client: S3Client, bucket: string): RawObjects {
  return {
    async land(key, records, abortSignal) {
      const last = records.at(-1)!.offset;
      const body = gzipSync(records.map((record) => `${rawLine(record)}\n`).join(''));
      const put = new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        IfNoneMatch: '*',
        ContentType: 'application/gzip',
        Metadata: { [lastOffsetMetadata]: last, [recordsMetadata]: String(records.length) },
        Body: body,
      });
      try {
        await client.send(put, { abortSignal });
        return { last, bytes: body.length };
      } catch (error) {
        const status = statusOf(error);
        if (status === 409) throw new UndecidedError(`${key} is being written`);
        if (status !== 412) throw error;
      }
      return { last: await lastOffset(key, records[0]!, abortSignal), bytes: 0 };
    },
  };

  async function lastOffset(key: string, first: RawRecord, abortSignal: AbortSignal): Promise<string> {
    try {
      const { Metadata } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), { abortSignal });
      const last = Metadata?.[lastOffsetMetadata] ?? '';
      if (/^[0-9]{1,56}$/.test(last) && BigInt(last) >= BigInt(first.offset)) return last;
      throw new RawObjectError(
        `${key} does not say where it ends (${lastOffsetMetadata}: "${last}"): move it elsewhere.`,
      );
    } catch (error) {
      if (statusOf(error) === 404) throw new UndecidedError(`${key} was there and is not there now`);
      throw error;
    }
  }
}

const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
