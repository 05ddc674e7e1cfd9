/** A template asks of API Gateway what is not emulated, or what API Gateway would refuse. Stops the deploy. */
export class ApiGatewayConfigurationError extends Error {
  constructor(place: string, message: string) {
    super(`${place}: ${message}`);
    this.name = 'ApiGatewayConfigurationError';
  }
}

/** API Gateway answers itself, before or instead of the integration. */
export class GatewayError extends Error {
  /** Of https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html */
  readonly responseType: string;
  /** `$context.error.validationErrorString` */
  readonly validation: string | undefined;
  /** @default - that of the response type */
  readonly status: number | undefined;

  constructor(responseType: string, message: string, validation?: string, status?: number) {
    super(message);
    this.name = 'GatewayError';
    this.responseType = responseType;
    this.validation = validation;
    this.status = status;
  }
}
