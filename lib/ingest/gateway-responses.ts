import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { Auth } from '../profiles/index.ts';
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
  Default4xx: { type: ResponseType.DEFAULT_4XX, code: 'ClientException', message: '$context.error.messageString' },
  Default5xx: { type: ResponseType.DEFAULT_5XX, code: 'InternalFailure', message: '$context.error.messageString' },
};

const ROUTES =
  'Use PUT or POST /{stage}/streams/{stream-name}/record or …/records, GET /{stage}/streams or GET /{stage}/streams/{stream-name}; for answers GET /{stage}/metrics or GET /{stage}/questions.';
const WITH_TOPICS =
  'Or POST /{stage}/topics/{topic-name}, GET /{stage}/topics, GET /{stage}/topics/{topic-name}, POST /{stage}/pin, …/geo or …/user.';
const WITH_CONTROL = 'POST and DELETE /{stage}/streams/{stream-name} create and delete streams of your own.';
const WITHOUT_CONTROL = 'Creating and deleting streams is off in this deployment.';

/** Errors of one way to be let in. */
const AUTH_ERRORS: Readonly<Record<Auth, Readonly<Record<string, EarlyError>>>> = {
  none: {},
  'api-key': {
    InvalidApiKey: {
      type: ResponseType.INVALID_API_KEY,
      status: '403',
      code: 'ForbiddenException',
      message: '"Send an API key of this deployment in the header x-api-key."',
    },
    QuotaExceeded: {
      type: ResponseType.QUOTA_EXCEEDED,
      status: '429',
      code: 'LimitExceededException',
      message: '"The API key has used up its requests of the day, which ends at midnight UTC."',
      retryAfterSeconds: 3600,
    },
  },
  iam: {
    AccessDenied: {
      type: ResponseType.ACCESS_DENIED,
      status: '403',
      code: 'AccessDeniedException',
      message: '$context.error.messageString',
    },
    InvalidSignature: {
      type: ResponseType.INVALID_SIGNATURE,
      status: '403',
      code: 'InvalidSignatureException',
      message: '$context.error.messageString',
    },
    ExpiredToken: {
      type: ResponseType.EXPIRED_TOKEN,
      status: '403',
      code: 'ExpiredTokenException',
      message: '$context.error.messageString',
    },
  },
};

/** Which routes there are beside those of streams. */
export interface Routes {
  readonly control: boolean;
  readonly topics: boolean;
}

/** API Gateway has one response for a route that does not exist and for a request that should be signed and is not. */
function missingAuthenticationToken(auth: Auth, { control, topics }: Routes): EarlyError {
  const type = ResponseType.MISSING_AUTHENTICATION_TOKEN;
  const routes = [ROUTES, ...(topics ? [WITH_TOPICS] : []), control ? WITH_CONTROL : WITHOUT_CONTROL].join(' ');
  if (auth !== 'iam') {
    const message = JSON.stringify(`There is no such route or method. ${routes}`);
    return { type, status: '404', code: 'NotFoundException', message };
  }
  const unsigned = 'The request is not signed with SigV4 for the service execute-api, or its route does not exist.';
  return {
    type,
    status: '403',
    code: 'MissingAuthenticationTokenException',
    message: JSON.stringify(`${unsigned} ${routes}`),
  };
}

/**
 * Gives every error that API Gateway itself answers the shape of the errors that come from Kinesis.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
 */
export function addGatewayResponses(api: RestApi, auth: Auth, routes: Routes): void {
  const errors = {
    ...EARLY_ERRORS,
    ...AUTH_ERRORS[auth],
    MissingAuthenticationToken: missingAuthenticationToken(auth, routes),
  };
  for (const [id, error] of Object.entries(errors)) {
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
