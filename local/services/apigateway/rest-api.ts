import { ApiGatewayConfigurationError } from './errors.ts';
import { GatewayResponses } from './gateway-responses.ts';
import type { Method } from './method.ts';
import type { Resource } from './routes.ts';
import type { Model } from './validation.ts';

/** What a deployment froze. */
export interface Snapshot {
  readonly apiId: string;
  readonly apiName: string;
  readonly root: Resource;
  readonly models: ReadonlyMap<string, Model>;
  readonly validators: ReadonlyMap<string, Validator>;
  readonly gatewayResponses: GatewayResponses;
  readonly binaryMediaTypes: readonly string[];
}

export interface Validator {
  readonly body: boolean;
  readonly parameters: boolean;
}

/** An API as its resources of the template describe it, until a deployment freezes it. */
export class RestApi {
  readonly id: string;
  readonly name: string;
  readonly rootId: string;
  readonly models = new Map<string, Model>();
  readonly validators = new Map<string, Validator>();
  gatewayResponses = new GatewayResponses();
  readonly #binaryMediaTypes: readonly string[];
  readonly #parts = new Map<string, { readonly parent: string; readonly part: string }>();
  readonly #methods: Method[] = [];

  constructor(id: string, rootId: string, binaryMediaTypes: readonly string[], name: string) {
    this.id = id;
    this.name = name;
    this.rootId = rootId;
    this.#binaryMediaTypes = binaryMediaTypes;
  }

  addResource(id: string, parent: string, part: string): void {
    this.#parts.set(id, { parent, part });
  }

  addMethod(method: Method): void {
    this.#methods.push(method);
  }

  /** `/streams/{name}`. */
  pathOf(id: string, place: string): string {
    if (id === this.rootId) return '/';
    const own = this.#parts.get(id);
    if (!own) throw new ApiGatewayConfigurationError(place, `resource ${id} is not one of this API`);
    return `${this.pathOf(own.parent, place).replace(/\/$/, '')}/${own.part}`;
  }

  /** @throws ApiGatewayConfigurationError for a method whose validator or model is not there. */
  freeze(place: string): Snapshot {
    const resources = new Map<string, Resource>(
      [this.rootId, ...this.#parts.keys()].map((id) => [
        id,
        { id, path: this.pathOf(id, place), children: new Map(), methods: new Map() },
      ]),
    );
    for (const [id, { parent, part }] of this.#parts) resources.get(parent)!.children.set(part, resources.get(id)!);
    for (const method of this.#methods) {
      this.#check(method, place);
      resources.get(method.resourceId)!.methods.set(method.httpMethod, method);
    }
    return {
      apiId: this.id,
      apiName: this.name,
      root: resources.get(this.rootId)!,
      models: new Map(this.models),
      validators: new Map(this.validators),
      gatewayResponses: this.gatewayResponses,
      binaryMediaTypes: this.#binaryMediaTypes,
    };
  }

  #check(method: Method, place: string): void {
    if (method.validatorId && !this.validators.has(method.validatorId)) {
      throw new ApiGatewayConfigurationError(
        place,
        `${method.route}: there is no request validator ${method.validatorId} yet`,
      );
    }
    const missing = Object.values(method.models).find((name) => !this.models.has(name));
    if (missing) throw new ApiGatewayConfigurationError(place, `${method.route}: there is no model ${missing} yet`);
  }
}
