import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { CORS_ORIGIN } from './cors.ts';

interface EarlyError {
  readonly type: ResponseType;
  /** @default - the status that API Gateway has for it */
  readonly status?: string;
  readonly code: string;
  /** JSON text. Variables of the context are put in as they are, but for messageString, which has its quotes. */
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

const EARLY_ERRORS: Readonly<Record<string, EarlyError>> = {
  BadRequestBody: {
    type: ResponseType.BAD_REQUEST_BODY,
    status: '400',
    code: 'ValidationException',
    message: '"The body is not what this route takes: $context.error.validationErrorString"',
  },
  RequestTooLarge: {
    type: ResponseType.REQUEST_TOO_LARGE,
    status: '413',
    code: 'RequestTooLargeException',
    message: '"The body is larger than 10 MB."',
  },
  UnsupportedMediaType: {
    type: ResponseType.UNSUPPORTED_MEDIA_TYPE,
    status: '415',
    code: 'UnsupportedMediaTypeException',
    message: '"Send the body with Content-Type: application/json."',
  },
  Throttled: {
    type: ResponseType.THROTTLED,
    status: '429',
    code: 'ThrottlingException',
    message: '"Too many requests. Try again after Retry-After seconds."',
    retryAfterSeconds: 1,
  },
  // API Gateway's name for a route that does not exist.
  MissingAuthenticationToken: {
    type: ResponseType.MISSING_AUTHENTICATION_TOKEN,
    status: '404',
    code: 'NotFoundException',
    message:
      '"There is no such route or method. Use PUT or POST /{stage}/streams/{stream-name}/record or …/records, GET /{stage}/streams or GET /{stage}/streams/{stream-name}."',
  },
  Default4xx: { type: ResponseType.DEFAULT_4XX, code: 'ClientException', message: '$context.error.messageString' },
  Default5xx: { type: ResponseType.DEFAULT_5XX, code: 'InternalFailure', message: '$context.error.messageString' },
};

/**
 * Gives every error that API Gateway itself answers the shape of the errors that come from Kinesis.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
 */
export function addGatewayResponses(api: RestApi): void {
  for (const [id, error] of Object.entries(EARLY_ERRORS)) {
    api.addGatewayResponse(id, {
      type: error.type,
      ...(error.status && { statusCode: error.status }),
      responseHeaders: {
        ...CORS_ORIGIN,
        ...(error.retryAfterSeconds && { 'Retry-After': `'${error.retryAfterSeconds}'` }),
      },
      templates: { 'application/json': `{"message": ${error.message}, "__type": "${error.code}"}` },
    });
  }
}
