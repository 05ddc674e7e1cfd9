import { ApiGatewayConfigurationError, GatewayError } from './errors.ts';
import { TokenBucket } from './throttle.ts';

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly enabled: boolean;
}

/** What each key of a plan may send to its stages. */
export interface UsagePlan {
  readonly stages: readonly { readonly apiId: string; readonly stage: string }[];
  readonly throttle: { readonly rate: number; readonly burst: number } | undefined;
  readonly requestsPerDay: number | undefined;
}

interface Use {
  readonly bucket: TokenBucket | undefined;
  day: string;
  requests: number;
}

/**
 * API keys and the usage plans they belong to. What was used is forgotten at a restart.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
 */
export class ApiKeys {
  readonly #keys = new Map<string, ApiKey>();
  readonly #plans = new Map<string, UsagePlan>();
  readonly #uses = new Map<string, Map<string, Use>>();

  addKey(key: ApiKey): void {
    this.#keys.set(key.id, key);
  }

  addPlan(id: string, plan: UsagePlan): void {
    this.#plans.set(id, plan);
    this.#uses.set(id, new Map());
  }

  /** @throws ApiGatewayConfigurationError */
  addKeyToPlan(keyId: string, planId: string, place: string): void {
    const uses = this.#uses.get(planId);
    if (!uses) throw new ApiGatewayConfigurationError(place, `there is no usage plan ${planId}`);
    if (!this.#keys.has(keyId)) throw new ApiGatewayConfigurationError(place, `there is no API key ${keyId}`);
    const { throttle } = this.#plans.get(planId)!;
    uses.set(keyId, { bucket: throttle && new TokenBucket(throttle.rate, throttle.burst), day: '', requests: 0 });
  }

  find(id: string): ApiKey | undefined {
    return this.#keys.get(id);
  }

  /**
   * Takes a request of the key's throttle and quota.
   * @returns the `$context` variables of the key
   * @throws GatewayError INVALID_API_KEY, THROTTLED, QUOTA_EXCEEDED
   */
  admit(
    value: string | readonly string[] | undefined,
    { api, name }: { readonly api: { readonly apiId: string }; readonly name: string },
    now = new Date(),
  ): Record<string, string> {
    const key = [...this.#keys.values()].find((each) => each.enabled && each.value === value);
    const [planId, plan] =
      [...this.#plans].find(
        ([id, { stages }]) =>
          key !== undefined &&
          this.#uses.get(id)!.has(key.id) &&
          stages.some((each) => each.apiId === api.apiId && each.stage === name),
      ) ?? [];
    if (!key || !planId || !plan) throw new GatewayError('INVALID_API_KEY', 'Forbidden');
    const use = this.#uses.get(planId)!.get(key.id)!;
    if (use.bucket?.take() === false) throw new GatewayError('THROTTLED', 'Too Many Requests');
    const day = now.toISOString().slice(0, 10);
    if (use.day !== day) Object.assign(use, { day, requests: 0 });
    if (use.requests >= (plan.requestsPerDay ?? Infinity)) throw new GatewayError('QUOTA_EXCEEDED', 'Limit Exceeded');
    use.requests++;
    return { 'identity.apiKey': key.value, 'identity.apiKeyId': key.id };
  }
}
