import type { IncomingHttpHeaders } from 'node:http';
import type { AccessRequest } from '../../access/caller.ts';
import { ServiceError } from '../service.ts';

/** What an HTTP request asks of S3. */
export interface S3Request {
  readonly method: string;
  readonly bucket: string | undefined;
  /** Decoded. */
  readonly key: string | undefined;
  /** Without what a presigned URL adds to it. */
  readonly query: URLSearchParams;
  /** With those that a presigned URL carries in its query. */
  readonly headers: IncomingHttpHeaders;
}

export interface S3Operation {
  readonly name: string;
  /** The path of the same request in path style, with its query. */
  readonly path: string;
  /** What IAM decides; all must be allowed. */
  readonly access: readonly AccessRequest[];
}

const VIRTUAL_HOST = /^(.+?)(?:\.s3)?\.localhost(?::\d+)?$/;
const SIGNATURE_QUERY =
  /^(x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token)|AWSAccessKeyId|Signature|Expires)$/i;
/** Of a presigned URL S3 does not look at them: SDK v3 puts that of an empty body there. */
const CHECKSUM_QUERY = /^x-amz-(checksum-.*|sdk-checksum-algorithm)$/i;

/** Query parameters that do not change what the operation is. */
const PLAIN_QUERY = new Set([
  'continuation-token',
  'delimiter',
  'encoding-type',
  'fetch-owner',
  'key-marker',
  'list-type',
  'marker',
  'max-keys',
  'max-parts',
  'max-uploads',
  'part-number-marker',
  'prefix',
  'start-after',
  'upload-id-marker',
  'version-id-marker',
  'x-id',
]);

/** Operation by level, method and the query parameters that select it: name and IAM action. */
const OPERATIONS: Readonly<Record<string, readonly [name: string, action: string]>> = {
  'service GET': ['ListBuckets', 's3:ListAllMyBuckets'],
  'bucket GET': ['ListObjects', 's3:ListBucket'],
  'bucket HEAD': ['HeadBucket', 's3:ListBucket'],
  'bucket PUT': ['CreateBucket', 's3:CreateBucket'],
  'bucket DELETE': ['DeleteBucket', 's3:DeleteBucket'],
  'bucket POST delete': ['DeleteObjects', 's3:DeleteObject'],
  'bucket GET location': ['GetBucketLocation', 's3:GetBucketLocation'],
  'bucket GET uploads': ['ListMultipartUploads', 's3:ListBucketMultipartUploads'],
  'bucket GET versioning': ['GetBucketVersioning', 's3:GetBucketVersioning'],
  'bucket GET versions': ['ListObjectVersions', 's3:ListBucketVersions'],
  'object GET': ['GetObject', 's3:GetObject'],
  'object GET partNumber': ['GetObject', 's3:GetObject'],
  'object GET versionId': ['GetObject', 's3:GetObjectVersion'],
  'object GET tagging': ['GetObjectTagging', 's3:GetObjectTagging'],
  'object GET uploadId': ['ListParts', 's3:ListMultipartUploadParts'],
  'object HEAD': ['HeadObject', 's3:GetObject'],
  'object HEAD partNumber': ['HeadObject', 's3:GetObject'],
  'object HEAD versionId': ['HeadObject', 's3:GetObjectVersion'],
  'object PUT': ['PutObject', 's3:PutObject'],
  'object PUT partNumber uploadId': ['UploadPart', 's3:PutObject'],
  'object PUT tagging': ['PutObjectTagging', 's3:PutObjectTagging'],
  'object POST uploads': ['CreateMultipartUpload', 's3:PutObject'],
  'object POST uploadId': ['CompleteMultipartUpload', 's3:PutObject'],
  'object DELETE': ['DeleteObject', 's3:DeleteObject'],
  'object DELETE uploadId': ['AbortMultipartUpload', 's3:AbortMultipartUpload'],
  'object DELETE versionId': ['DeleteObject', 's3:DeleteObjectVersion'],
};

/** Reads the bucket and key from the host and path: path style, or `bucket.localhost`. */
export function parseRequest(method: string, url: string, host: string, headers: IncomingHttpHeaders): S3Request {
  const { pathname, searchParams } = new URL(url, 'http://s3');
  const query = new URLSearchParams();
  const presigned: IncomingHttpHeaders = {};
  for (const [name, value] of searchParams) {
    if (SIGNATURE_QUERY.test(name) || CHECKSUM_QUERY.test(name)) continue;
    if (/^x-amz-/i.test(name)) presigned[name.toLowerCase()] = value;
    else query.append(name, value);
  }
  const rest = { method, query, headers: { ...presigned, ...headers } };
  const virtual = VIRTUAL_HOST.exec(host)?.[1];
  const path = pathname.slice(1);
  if (virtual !== undefined && virtual !== 's3') return { ...rest, bucket: virtual, key: decoded(path) };
  const slash = path.indexOf('/');
  const bucket = decoded(slash < 0 ? path : path.slice(0, slash));
  return { ...rest, bucket, key: slash < 0 ? undefined : decoded(path.slice(slash + 1)) };
}

/**
 * Which operation a request is, and what it needs:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 *
 * @throws ServiceError NotImplemented for an operation that is not supported here
 */
export function operationOf(request: S3Request): S3Operation {
  const { method, bucket, key, query, headers } = request;
  const level = bucket === undefined ? 'service' : key === undefined ? 'bucket' : 'object';
  const selecting = [...query.keys()].filter((name) => !PLAIN_QUERY.has(name) && !name.startsWith('response-'));
  const found = OPERATIONS[[level, method, ...selecting.sort()].join(' ')];
  if (found === undefined) {
    const what = `${method} of ${level === 'object' ? 'an object' : level === 'bucket' ? 'a bucket' : 'the service'}`;
    const asking = selecting.length === 0 ? '' : ` with ${selecting.map((name) => `?${name}`).join(' and ')}`;
    throw new ServiceError('NotImplemented', `The local S3 does not have the operation ${what}${asking}.`, 501);
  }
  const [name, action] = found;
  const bucketArn = `arn:aws:s3:::${bucket}`;
  const resource = level === 'service' ? '*' : level === 'bucket' ? bucketArn : `${bucketArn}/${key}`;
  const access: AccessRequest[] = [{ action, resource, ...conditionsOf(action, query) }];
  // Each key in the body of DeleteObjects is decided on its own.
  if (name === 'DeleteObjects') access.length = 0;
  const source = headers['x-amz-copy-source'];
  if (typeof source === 'string') {
    access.push({
      action: 's3:GetObject',
      resource: `arn:aws:s3:::${decoded(source.split('?')[0]!.replace(/^\//, ''))}`,
    });
  }
  if (headers['x-amz-tagging'] !== undefined) access.push({ action: 's3:PutObjectTagging', resource });
  if (headers['x-amz-acl'] !== undefined) access.push({ action: 's3:PutObjectAcl', resource });
  return { name, path: pathOf(bucket, key, [...query]), access };
}

/** The path-style address of a bucket or object. */
export function pathOf(
  bucket: string | undefined,
  key: string | undefined,
  query: readonly [string, string][] = [],
): string {
  const steps = [bucket, ...(key === undefined ? [] : key.split('/'))].filter((step) => step !== undefined);
  const search = new URLSearchParams([...query]).toString();
  return `/${steps.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
}

function conditionsOf(action: string, query: URLSearchParams): Pick<AccessRequest, 'conditions'> {
  if (action !== 's3:ListBucket' && action !== 's3:ListBucketVersions') return {};
  const conditions: Record<string, readonly string[]> = {};
  for (const name of ['prefix', 'delimiter', 'max-keys']) {
    const value = query.get(name);
    if (value !== null) conditions[`s3:${name}`] = [value];
  }
  return { conditions };
}

function decoded(text: string): string | undefined {
  if (text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ServiceError('InvalidURI', "Couldn't parse the specified URI.", 400);
  }
}
