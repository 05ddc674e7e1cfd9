import type { Caller } from '../../access/caller.ts';
import { principalArn } from '../../access/identities.ts';
import { type JsonObject, type QueryService, ServiceError } from '../service.ts';

/** STS: who am I. https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
export class StsService implements QueryService {
  readonly name = 'sts';
  readonly xmlNamespace = 'https://sts.amazonaws.com/doc/2011-06-15/';
  readonly #account: string;

  constructor(account: string) {
    this.#account = account;
  }

  /** GetCallerIdentity needs no permission. */
  access(): [] {
    return [];
  }

  async call(action: string, _parameters: URLSearchParams, caller: Caller): Promise<JsonObject> {
    if (action !== 'GetCallerIdentity') {
      throw new ServiceError(
        'InvalidAction',
        `The local runtime does not have sts:${action}; it has GetCallerIdentity.`,
      );
    }
    return { Arn: principalArn(caller), UserId: caller.accessKeyId, Account: this.#account };
  }
}
