import { describe, expect, test } from '@jest/globals';
import { operationOf, parseRequest } from '../../../local/services/s3/operation.ts';

const ask = (method: string, url: string, headers: Record<string, string> = {}, host = '127.0.0.1:4566') =>
  operationOf(parseRequest(method, url, host, headers));

describe('which operation a request is, and what IAM decides', () => {
  test.each([
    ['GET', '/', 'ListBuckets', 's3:ListAllMyBuckets', '*'],
    ['PUT', '/b', 'CreateBucket', 's3:CreateBucket', 'arn:aws:s3:::b'],
    ['HEAD', '/b/', 'HeadBucket', 's3:ListBucket', 'arn:aws:s3:::b'],
    ['GET', '/b?list-type=2&prefix=a%2F', 'ListObjects', 's3:ListBucket', 'arn:aws:s3:::b'],
    ['GET', '/b?location', 'GetBucketLocation', 's3:GetBucketLocation', 'arn:aws:s3:::b'],
    ['GET', '/b?versioning', 'GetBucketVersioning', 's3:GetBucketVersioning', 'arn:aws:s3:::b'],
    ['GET', '/b/k?x-id=GetObject&response-content-type=a', 'GetObject', 's3:GetObject', 'arn:aws:s3:::b/k'],
    ['GET', '/b/k?versionId=1', 'GetObject', 's3:GetObjectVersion', 'arn:aws:s3:::b/k'],
    ['HEAD', '/b/dt%3D1/k~%20%C3%BC', 'HeadObject', 's3:GetObject', 'arn:aws:s3:::b/dt=1/k~ ü'],
    ['PUT', '/b/k?X-Amz-Signature=1&X-Amz-Expires=9', 'PutObject', 's3:PutObject', 'arn:aws:s3:::b/k'],
    ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPart', 's3:PutObject', 'arn:aws:s3:::b/k'],
    ['POST', '/b/k?uploads', 'CreateMultipartUpload', 's3:PutObject', 'arn:aws:s3:::b/k'],
    ['DELETE', '/b/k?uploadId=u', 'AbortMultipartUpload', 's3:AbortMultipartUpload', 'arn:aws:s3:::b/k'],
    ['DELETE', '/b/k', 'DeleteObject', 's3:DeleteObject', 'arn:aws:s3:::b/k'],
  ])('%s %s', (method, url, name, action, resource) => {
    const operation = ask(method, url);
    expect(operation.name).toBe(name);
    expect(operation.access).toMatchObject([{ action, resource }]);
  });

  test('a bucket may be in the host', () => {
    expect(ask('GET', '/dir/k', {}, 'my-bucket.localhost:4566').path).toBe('/my-bucket/dir/k');
    expect(ask('GET', '/', {}, 'my-bucket.s3.localhost').access[0]!.resource).toBe('arn:aws:s3:::my-bucket');
    expect(ask('GET', '/b/k', {}, 'localhost:4566').path).toBe('/b/k');
  });

  test('a copy needs the source, tags need their own action', () => {
    expect(ask('PUT', '/b/k', { 'x-amz-copy-source': '/a/x%20y', 'x-amz-tagging': 't=1' }).access).toEqual([
      { action: 's3:PutObject', resource: 'arn:aws:s3:::b/k' },
      { action: 's3:GetObject', resource: 'arn:aws:s3:::a/x y' },
      { action: 's3:PutObjectTagging', resource: 'arn:aws:s3:::b/k' },
    ]);
  });

  test('a presigned URL carries headers, and checksums that do not count', () => {
    const signed = 'X-Amz-Signature=1&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&x-amz-checksum-crc32=AAAAAA%3D%3D';
    const request = parseRequest('PUT', `/b/k?${signed}&x-amz-tagging=t%3D1&x-amz-meta-feed=pin`, '', { host: 'h' });
    expect(request.headers).toEqual({
      host: 'h',
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      'x-amz-tagging': 't=1',
      'x-amz-meta-feed': 'pin',
    });
    const { path, access } = operationOf(request);
    expect(path).toBe('/b/k');
    expect(access.map(({ action }) => action)).toEqual(['s3:PutObject', 's3:PutObjectTagging']);
    expect(ask('GET', '/b/k?AWSAccessKeyId=a&Signature=b&Expires=1').path).toBe('/b/k');
  });

  test('a listing has its prefix as a condition', () => {
    expect(ask('GET', '/b?prefix=raw%2F&max-keys=5').access[0]!.conditions).toEqual({
      's3:prefix': ['raw/'],
      's3:max-keys': ['5'],
    });
  });

  test.each([
    ['PUT', '/b?lifecycle', 'PUT of a bucket with ?lifecycle'],
    ['POST', '/b/k?select&select-type=2', 'POST of an object with ?select and ?select-type'],
    ['GET', '/b/%zz', "Couldn't parse the specified URI"],
  ])('%s %s is refused', (method, url, message) => {
    expect(() => ask(method, url)).toThrow(message);
  });
});
