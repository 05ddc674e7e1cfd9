import type { IncomingHttpHeaders } from 'node:http';

/** What a signed request says of itself. The signature itself is not verified: the door is on loopback only. */
export interface Credential {
  readonly accessKeyId: string;
  /** The signing name, such as `kinesis`. */
  readonly service: string;
}

/**
 * The credential scope of a SigV4 request, from its Authorization header or, presigned, its query; or the key of an S3
 * URL presigned the older way, as boto3 and the AWS CLI 1 do by default.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#RESTAuthenticationQueryStringAuth
 */
export function credentialOf(headers: IncomingHttpHeaders, query: URLSearchParams): Credential | undefined {
  const presignedBy = query.get('AWSAccessKeyId');
  if (presignedBy && query.has('Signature') && query.has('Expires')) {
    return { accessKeyId: presignedBy, service: 's3' };
  }
  const header = /^AWS4-HMAC-SHA256\s.*?Credential=([^,\s]+)/.exec(headers.authorization ?? '');
  const [accessKeyId, , region, service, end] = (header?.[1] ?? query.get('X-Amz-Credential') ?? '').split('/');
  if (!accessKeyId || !region || !service || end !== 'aws4_request') return undefined;
  return { accessKeyId, service };
}
