import {
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ObjectIdentifier,
  type S3Client,
} from '@aws-sdk/client-s3';

export class BucketNotEmptiedError extends Error {
  override readonly name = 'BucketNotEmptiedError';
}

/**
 * Deletes every version of every object, and the markers of deleted ones.
 * @param told how many are gone so far, after each thousand
 * @throws BucketNotEmptiedError when S3 refuses one
 */
export async function emptyBucket(s3: S3Client, bucket: string, told: (deleted: number) => void): Promise<number> {
  for (let deleted = 0; ; told(deleted)) {
    // From the start each time: what was listed before is gone.
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    const objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(
      ({ Key, VersionId }): ObjectIdentifier => ({ Key, ...(VersionId && { VersionId }) }),
    );
    if (objects.length === 0) return deleted;
    const request = { Bucket: bucket, Delete: { Objects: objects, Quiet: true } };
    const { Errors: [refused] = [] } = await s3.send(new DeleteObjectsCommand(request));
    if (refused) {
      throw new BucketNotEmptiedError(
        `${bucket}: ${refused.Key} was not deleted (${refused.Code}: ${refused.Message})`,
      );
    }
    deleted += objects.length;
  }
}
