import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessRequest, Caller } from '../access/caller.ts';

/** A call that a service refuses, in AWS's own words. Becomes `{"__type": code, "message"}` on the wire. */
export class ServiceError extends Error {
  readonly code: string;
  readonly status: number;
  /** Further members of the error's body, such as `Item` of a failed condition. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, status = 400, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'ServiceError';
    this.code = code;
    this.status = status;
    this.members = members;
  }
}

/**
 * A service of the JSON protocols (Kinesis, DynamoDB, Logs …). Blobs are base64 strings and times are seconds,
 * as on the wire. An operation it does not have is refused with `UnknownOperationException`.
 */
export interface JsonService {
  /** The signing name, such as `kinesis`. */
  readonly name: string;
  /** What IAM decides for the operation; all must be allowed. */
  access(operation: string, input: JsonObject): readonly AccessRequest[];
  call(operation: string, input: JsonObject, caller: Caller): Promise<JsonObject>;
}

export type JsonObject = Record<string, unknown>;

/**
 * A service whose operations are HTTP methods and paths (S3). It finds out itself what IAM decides, asks
 * `FrontDoor.authorize`, and streams bodies. What it throws becomes an error in XML or JSON, unless headers were sent.
 */
export interface HttpService {
  /** The signing name, such as `s3`. */
  readonly name: string;
  /** @default - XML */
  readonly errors?: 'json';
  /** The body is not read yet; the request and response may belong to HTTP/1.1 or HTTP/2. */
  handle(request: IncomingMessage, response: ServerResponse, caller: Caller): Promise<void>;
}

/** A service of the query protocol (CloudFormation, STS): a form in, XML out, lists as `<member>`. */
export interface QueryService {
  /** The signing name, such as `cloudformation`. */
  readonly name: string;
  readonly xmlNamespace: string;
  /** What IAM decides for the action; all must be allowed. */
  access(action: string, parameters: URLSearchParams): readonly AccessRequest[];
  /** The members of `<ActionResult>`; undefined members are left out. */
  call(action: string, parameters: URLSearchParams, caller: Caller): Promise<JsonObject>;
}

/** The one way to a service, over HTTP or in this process: same access check, same record of the call. */
export interface FrontDoor {
  /** @throws ServiceError of the service, or AccessDeniedException with action, resource and role. */
  call(caller: Caller, service: string, operation: string, input: JsonObject): Promise<JsonObject>;
  /** Checks and records a call that a service answers itself, without the wire. @throws ServiceError */
  authorize(caller: Caller, request: AccessRequest): void;
}
