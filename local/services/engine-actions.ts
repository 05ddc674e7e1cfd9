import { createRequire } from 'node:module';
import { type JsonObject, ServiceError } from './service.ts';

const load = createRequire(import.meta.url);

type Action<Store> = (
  store: Store,
  data: JsonObject,
  callback: (error: EngineError | null | undefined, value?: JsonObject) => void,
) => void;

interface Validations {
  checkTypes(data: JsonObject, types: JsonObject): JsonObject;
  checkValidations(data: JsonObject, types: JsonObject, custom: unknown, context: unknown): void;
}

/** What engines of this family throw: an error of the service, or one of their own without a body. */
interface EngineError extends Error {
  statusCode?: number;
  body?: { __type: string; message?: string; Message?: string; Item?: JsonObject };
}

interface Operation<Store> {
  readonly action: Action<Store>;
  readonly types: JsonObject;
  readonly custom: unknown;
}

export interface EngineActionsOptions {
  readonly engine: 'dynalite' | 'kinesalite';
  /** For people. */
  readonly service: string;
  readonly operations: readonly string[];
  /** Parameters that are taken beside those that the engine validates, with their types. */
  readonly moreTypes?: (operation: string) => JsonObject;
}

/**
 * The actions of dynalite (https://github.com/architect/dynalite) or kinesalite (https://github.com/mhart/kinesalite),
 * called in this process: the same validation and dispatch as in their HTTP handlers, without a socket.
 */
export class EngineActions<Store> {
  readonly #service: string;
  readonly #validations: Validations;
  readonly #operations: ReadonlyMap<string, Operation<Store>>;

  constructor({ engine, service, operations, moreTypes }: EngineActionsOptions) {
    this.#service = service;
    this.#validations = load(`${engine}/validations`) as Validations;
    this.#operations = new Map(
      operations.map((name) => {
        const file = name[0]!.toLowerCase() + name.slice(1);
        const { types, custom } = load(`${engine}/validations/${file}`) as Pick<Operation<Store>, 'types' | 'custom'>;
        const action = load(`${engine}/actions/${file}`) as Action<Store>;
        return [name, { action, types: { ...types, ...moreTypes?.(name) }, custom }];
      }),
    );
  }

  has(operation: string): boolean {
    return this.#operations.has(operation);
  }

  /**
   * The input of an operation in the form that `act` takes.
   * @param context what the engine's own rules look into: dynalite's store, kinesalite's name of the operation
   * @throws ServiceError as the service words it, or naming a parameter that is not supported here
   */
  checked(operation: string, input: JsonObject, context: Store | string): JsonObject {
    const { types, custom } = this.#operations.get(operation)!;
    for (const name of Object.keys(input)) {
      if (types[name] === undefined && input[name] !== undefined && input[name] !== null) {
        throw new ServiceError(
          'ValidationException',
          `The local ${this.#service} does not support ${operation}.${name}.`,
        );
      }
    }
    try {
      const data = this.#validations.checkTypes({ ...input }, types);
      this.#validations.checkValidations(data, types, custom, context);
      return data;
    } catch (error) {
      throw serviceError(error as EngineError);
    }
  }

  /** @throws ServiceError as the service words it */
  act(store: Store, operation: string, checked: JsonObject): Promise<JsonObject> {
    return new Promise((resolve, reject) => {
      try {
        this.#operations
          .get(operation)!
          .action(store, checked, (error, value) => (error ? reject(serviceError(error)) : resolve(value ?? {})));
      } catch (error) {
        reject(serviceError(error as EngineError));
      }
    });
  }
}

/** dynalite's bodies name the type with its namespace. */
export function serviceError(error: EngineError): Error {
  if (error.statusCode === undefined || error.body === undefined) return error;
  const { __type, message, Message, Item } = error.body;
  const code = __type.slice(__type.lastIndexOf('#') + 1);
  return new ServiceError(code, message ?? Message ?? '', error.statusCode, Item === undefined ? {} : { Item });
}
