/** A state of the Amazon States Language. @see https://states-language.net/spec.html */
export type State = Readonly<Record<string, unknown>> & { readonly Type: string };
export type States = Readonly<Record<string, State>>;

export interface Machine {
  readonly Comment: string;
  readonly StartAt: string;
  readonly TimeoutSeconds: number;
  readonly States: States;
}

const BACK_OFF = { IntervalSeconds: 2, MaxAttempts: 5, BackoffRate: 2, JitterStrategy: 'FULL' };

/** The service did not take the call. */
export const IF_THROTTLED = {
  ErrorEquals: [
    'DynamoDB.ProvisionedThroughputExceededException',
    'DynamoDB.ThrottlingException',
    'DynamoDB.RequestLimitExceeded',
    'DynamoDB.InternalServerError',
    'Athena.TooManyRequestsException',
    'Athena.InternalServerException',
    'SNS.ThrottledException',
    'SNS.InternalErrorException',
  ],
  ...BACK_OFF,
};

/** The function was not run, or was cut off. */
export const IF_BUSY = {
  ErrorEquals: [
    'Lambda.TooManyRequestsException',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Sandbox.Timedout',
  ],
  ...BACK_OFF,
};
