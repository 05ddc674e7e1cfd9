import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import type { Caller } from '../access/caller.ts';
import type { S3Service } from '../services/s3/service.ts';

/**
 * Puts an asset into the bucket that it is addressed in, as `cdk deploy` does: a folder as a ZIP.
 * @param address `s3://bucket/key`
 * @returns whether it is an asset
 */
export async function publishAsset(
  address: string,
  assetPath: (key: string) => string | undefined,
  s3: Pick<S3Service, 'putBucket' | 'putObject'>,
  administrator: Caller,
): Promise<boolean> {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(address) ?? [];
  const path = key === undefined ? undefined : assetPath(key);
  if (bucket === undefined || key === undefined || path === undefined) return false;
  await s3.putBucket(bucket, { versioned: false });
  await s3.putObject(administrator, bucket, key, statSync(path).isDirectory() ? zipped(path) : readFileSync(path));
  return true;
}

function zipped(directory: string): Buffer {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const contents = files.map(({ parentPath, name }): [string, Uint8Array] => {
    const file = join(parentPath, name);
    return [file.slice(directory.length + 1).replaceAll('\\', '/'), readFileSync(file)];
  });
  return Buffer.from(zipSync(Object.fromEntries(contents)));
}
