import type { AccessRequest, Caller } from '../../access/caller.ts';
import { type JsonObject, type JsonService, ServiceError } from '../service.ts';

/** One operation of Glue: what IAM decides for it, and what it does. */
export interface GlueOperation {
  /** All must be allowed. */
  access(input: JsonObject): readonly AccessRequest[];
  call(input: JsonObject, caller: Caller): JsonObject | Promise<JsonObject>;
}

/** Operations that belong together (the catalog, the jobs), by name. */
export type GlueOperations = Readonly<Record<string, GlueOperation>>;

/** Glue, put together from groups of operations. */
export class GlueService implements JsonService {
  readonly name = 'glue';
  readonly #operations: ReadonlyMap<string, GlueOperation>;

  constructor(...groups: readonly GlueOperations[]) {
    this.#operations = new Map(groups.flatMap((group) => Object.entries(group)));
  }

  access(operation: string, input: JsonObject): readonly AccessRequest[] {
    return this.#operation(operation).access(input);
  }

  async call(operation: string, input: JsonObject, caller: Caller): Promise<JsonObject> {
    return this.#operation(operation).call(input, caller);
  }

  #operation(name: string): GlueOperation {
    const found = this.#operations.get(name);
    if (found !== undefined) return found;
    throw new ServiceError('UnknownOperationException', `The local Glue does not have the operation ${name}.`);
  }
}
