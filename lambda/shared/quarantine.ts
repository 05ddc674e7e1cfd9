import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type Layer, quarantinedRow, quarantineKey } from '../../model/quarantine.ts';
import type { Row } from '../../model/rows.ts';
import type { Refusal } from '../../model/rules/refusal.ts';
import type { Feed } from '../../model/rules/rule.ts';

/** A row that a rule refuses, with the bytes it came as. */
export interface RefusedRow {
  readonly feed: Feed;
  readonly row: Row;
  readonly refusal: Refusal;
}

export interface Quarantine {
  /** Keeps a row under a key made of its coordinate, so keeping it twice changes nothing but the time. */
  keep(refused: RefusedRow, signal: AbortSignal): Promise<void>;
}

/** One JSON object a row in S3. */
export function s3Quarantine(client: S3Client, bucket: string, layer: Layer): Quarantine {
  return {
    async keep({ feed, row, refusal }, abortSignal) {
      const put = new PutObjectCommand({
        Bucket: bucket,
        Key: quarantineKey(layer, feed.name, row.arrivalMs, row.coordinate),
        ContentType: 'application/json',
        Body: JSON.stringify(quarantinedRow(feed, row, refusal, new Date())),
      });
      await client.send(put, { abortSignal });
    },
  };
}
