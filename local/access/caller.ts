/**
 * Who makes a call. A session of a role that the templates declare, or the account's administrator
 * (the user's own `pinflow` profile).
 */
export interface Caller {
  readonly kind: 'role' | 'administrator';
  /** `arn:aws:iam::000000000000:role/name` or `arn:aws:iam::000000000000:user/pinflow`. */
  readonly arn: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** One thing that IAM decides: may this caller do `action` to `resource`? */
export interface AccessRequest {
  /** With its service prefix, such as `kinesis:PutRecord`. */
  readonly action: string;
  /** An ARN, or `*` where the service has no resource level for the action. */
  readonly resource: string;
  /** Condition keys of the call beyond the global ones, such as `dynamodb:LeadingKeys`. */
  readonly conditions?: Readonly<Record<string, readonly string[]>>;
}

/** Gives out callers for roles, as STS does for services. */
export interface Identities {
  /** @throws ServiceError AccessDenied when the role's trust policy does not name the service principal. */
  assume(roleArn: string, servicePrincipal: string): Caller;
}
