import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { coordinateInKey } from '../../model/coordinates.ts';
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

/** One JSON object a row in S3: `quarantine/{layer}/{feed}/dt={arrival date}/{coordinate}.json`. */
export function s3Quarantine(client: S3Client, bucket: string, layer: 'speed' | 'batch'): Quarantine {
  return {
    async keep({ feed, row, refusal }, abortSignal) {
      const arrival = new Date(row.arrivalMs).toISOString();
      const put = new PutObjectCommand({
        Bucket: bucket,
        Key: `quarantine/${layer}/${feed.name}/dt=${arrival.slice(0, 10)}/${coordinateInKey(row.coordinate)}.json`,
        ContentType: 'application/json',
        Body: JSON.stringify({
          coordinate: row.coordinate,
          feed: feed.name,
          arrival,
          ...refusal,
          rulesVersion: feed.rules,
          quarantinedAt: new Date().toISOString(),
          rawBase64: Buffer.from(row.rawBytes).toString('base64'),
        }),
      });
      await client.send(put, { abortSignal });
    },
  };
}
