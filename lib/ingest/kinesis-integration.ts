import { AwsIntegration, type MethodResponse, PassthroughBehavior } from 'aws-cdk-lib/aws-apigateway';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { asResponseParameters, CORS_ORIGIN } from './cors.ts';

export interface KinesisIntegrationProps {
  readonly action: 'PutRecord' | 'PutRecords' | 'ListStreams' | 'DescribeStream' | 'CreateStream' | 'DeleteStream';
  /** What API Gateway is when it calls Kinesis. */
  readonly role: IRole;
  /** Mapping templates. */
  readonly request: string;
  readonly response: string;
  readonly error: string;
}

const JSON_BODY = 'application/json';
const responseParameters = asResponseParameters(CORS_ORIGIN);

/**
 * A call of Kinesis made and answered by mapping templates. The answer of an error has the status that its template gives
 * it; one that is neither a success nor a 4xx is an error too.
 */
export function kinesisIntegration(props: KinesisIntegrationProps): AwsIntegration {
  const error = { responseParameters, responseTemplates: { [JSON_BODY]: props.error } };
  return new AwsIntegration({
    service: 'kinesis',
    action: props.action,
    integrationHttpMethod: 'POST',
    options: {
      credentialsRole: props.role,
      // Otherwise a body of another content type would reach Kinesis as it came.
      passthroughBehavior: PassthroughBehavior.NEVER,
      requestParameters: { 'integration.request.header.Content-Type': "'application/x-amz-json-1.1'" },
      requestTemplates: { [JSON_BODY]: props.request },
      integrationResponses: [
        {
          statusCode: '200',
          selectionPattern: '2\\d{2}',
          responseParameters,
          responseTemplates: { [JSON_BODY]: props.response },
        },
        { statusCode: '400', selectionPattern: '4\\d{2}', ...error },
        { statusCode: '500', ...error },
      ],
    },
  });
}

/** What a template may answer anywhere: the statuses of {@link kinesisIntegration} and those that the error template sets. */
const EVERYWHERE = [200, 400, 404, 429, 500, 503];

/** The statuses that a route's templates answer with, and the headers they set. */
export function methodResponses(...more: readonly number[]): MethodResponse[] {
  return [...EVERYWHERE, ...more].sort().map((status) => ({
    statusCode: String(status),
    responseParameters: asResponseParameters({ 'Access-Control-Allow-Origin': true, 'Retry-After': true }),
  }));
}
