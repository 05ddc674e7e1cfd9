import {
  ApiKey,
  AuthorizationType,
  type Method,
  type MethodOptions,
  Period,
  type RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';
import type { ApiProfile } from '../profiles/index.ts';

export interface ApiAccessProps {
  readonly api: RestApi;
  readonly profile: ApiProfile;
  readonly names: Names;
}

/** Who may call the routes of the API. */
export class ApiAccess extends Construct {
  /** What every method that is no preflight is made with. */
  readonly methodOptions: Pick<MethodOptions, 'authorizationType' | 'apiKeyRequired'>;
  /** Where `auth` is `api-key`; API Gateway makes its value. */
  readonly apiKey: ApiKey | undefined;
  readonly #props: ApiAccessProps;

  constructor(scope: Construct, id: string, props: ApiAccessProps) {
    super(scope, id);
    this.#props = props;
    const { api, profile, names } = props;
    this.methodOptions = {
      authorizationType: profile.auth === 'iam' ? AuthorizationType.IAM : AuthorizationType.NONE,
      apiKeyRequired: profile.auth === 'api-key',
    };
    if (profile.auth !== 'api-key') return;
    this.apiKey = new ApiKey(this, 'ApiKey', {
      apiKeyName: names.api,
      description: `For senders to the Pinflow deployment ${names.deployment}`,
    });
    const { requestsPerSecond: rateLimit, burst: burstLimit, requestsPerDay: limit } = profile.usagePlan;
    const plan = api.addUsagePlan('UsagePlan', {
      name: names.api,
      description: `What each API key of the Pinflow deployment ${names.deployment} may send`,
      throttle: { rateLimit, burstLimit },
      quota: { limit, period: Period.DAY },
      apiStages: [{ stage: api.deploymentStage }],
    });
    plan.addApiKey(this.apiKey);
  }

  /** Gives cdk-nag the reasons for methods without an authorizer. Call it once all methods are there. */
  acknowledge(profileName: string): void {
    const { api, profile } = this.#props;
    if (profile.auth === 'none') {
      const also = profile.clientStreams ? `, and create and delete ${profile.clientStreams.namePrefix}* streams` : '';
      Validations.of(api).addWarning(
        'pinflow:openApi',
        `Profile ${profileName} has auth none: whoever has the API's URL can write to the streams and read their names${also}.`,
      );
    }
    for (const method of api.methods.filter(({ httpMethod }) => httpMethod !== 'OPTIONS')) {
      this.acknowledgeMethod(method, profileName);
    }
  }

  private acknowledgeMethod(method: Method, profileName: string): void {
    const { auth } = this.#props.profile;
    const rules = Validations.of(method);
    rules.acknowledge({
      id: 'AwsSolutions-COG4',
      reason: 'Callers are programs: there is no pool of people to sign in.',
    });
    if (auth === 'iam') return;
    const reason =
      auth === 'api-key'
        ? 'A call needs the API key of a usage plan, which the rule does not look at.'
        : `Profile ${profileName} serves the public emulators, which send no credentials; the synthesis warns of it.`;
    rules.acknowledge({ id: 'AwsSolutions-APIG4', reason });
  }
}
