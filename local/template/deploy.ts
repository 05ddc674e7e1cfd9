import { createHash } from 'node:crypto';
import type { DeployedResource, ResourceType } from '../resources/resource.ts';
import type { Assembly, Stack } from './assembly.ts';
import { describePlace, TemplateError } from './errors.ts';
import { resolve, type Scope } from './intrinsics.ts';
import { generatedName } from './names.ts';
import { conditionHolds, type PlannedResource, type PlannedStack, planDeployment } from './plan.ts';
import { placeIn, stackId, stackScope, type Target } from './scope.ts';
import type { Deployment, DeploymentFile, OutputState, ResourceState, StackState } from './state.ts';

export interface DeployOptions {
  readonly assembly: Assembly;
  readonly types: Iterable<ResourceType>;
  readonly target: Target;
  readonly file: DeploymentFile;
  /** What a person should know: resources kept or left behind. */
  readonly notice: (line: string) => void;
}

/**
 * Does what CloudFormation does with a cloud assembly: checks all of it, then creates or updates each stack's resources
 * in dependency order, then removes what the templates no longer have.
 * @throws DeployError before anything is created; TemplateError when creating a resource fails
 */
export async function deploy(options: DeployOptions): Promise<Deployment> {
  const types = new Map([...options.types].map((type) => [type.type, type]));
  const plan = planDeployment(options.assembly, types, options.target);
  let deployment = options.file.read();
  const published: Published = { exports: new Map(), outputs: new Map() };
  for (const planned of plan) {
    const { name } = planned.stack;
    const work = new StackDeployment(planned, deployment[name], types, published, options);
    try {
      await work.run();
    } finally {
      deployment = { ...deployment, [name]: work.state() };
      options.file.write(deployment);
    }
  }
  const names = new Set(plan.map(({ stack }) => stack.name));
  for (const name of Object.keys(deployment)) {
    if (!names.has(name)) options.notice(`stack ${name} is not in ${options.assembly.directory}: it is left as it is`);
  }
  return Object.fromEntries(Object.entries(deployment).filter(([name]) => names.has(name)));
}

/** What a stack gives to those after it. */
interface Published {
  readonly exports: Map<string, string>;
  readonly outputs: Map<string, Readonly<Record<string, OutputState>>>;
}

class StackDeployment {
  readonly #stack: Stack;
  readonly #planned: readonly PlannedResource[];
  readonly #earlier: StackState | undefined;
  readonly #types: ReadonlyMap<string, ResourceType>;
  readonly #published: Published;
  readonly #options: DeployOptions;
  readonly #resources = new Map<string, ResourceState>();
  readonly #replaced: [string, ResourceState][] = [];
  readonly #scope: Scope;
  readonly #now = new Date().toISOString();
  #outputs: Readonly<Record<string, OutputState>>;
  #finished = false;

  constructor(
    { stack, resources }: PlannedStack,
    earlier: StackState | undefined,
    types: ReadonlyMap<string, ResourceType>,
    published: Published,
    options: DeployOptions,
  ) {
    this.#stack = stack;
    this.#planned = resources;
    this.#earlier = earlier;
    this.#types = types;
    this.#published = published;
    this.#options = options;
    this.#outputs = earlier?.outputs ?? {};
    this.#scope = stackScope(stack, options.target, this.#resources, published);
  }

  async run(): Promise<void> {
    for (const planned of this.#planned) await this.#create(planned);
    this.#outputs = this.#resolveOutputs();
    this.#published.outputs.set(this.#stack.name, this.#outputs);
    await this.#removeOrphans();
    this.#finished = true;
  }

  /** What is deployed: after a failure, what there was before together with what was made since. */
  state(): StackState {
    const done = Object.fromEntries(this.#resources);
    const resources = this.#finished ? done : { ...this.#earlier?.resources, ...done };
    const changed = JSON.stringify(resources) !== JSON.stringify(this.#earlier?.resources);
    return {
      id: stackId(this.#stack.name, this.#options.target),
      ...(this.#stack.template.Description === undefined ? {} : { description: this.#stack.template.Description }),
      tags: this.#stack.tags,
      createdAt: this.#earlier?.createdAt ?? this.#now,
      updatedAt: changed ? this.#now : (this.#earlier?.updatedAt ?? this.#now),
      resources,
      outputs: this.#outputs,
    };
  }

  async #create({ logicalId, type, declared, place }: PlannedResource): Promise<void> {
    const { account, region } = this.#options.target;
    const earlier = this.#earlier?.resources[logicalId];
    const previous = earlier?.type === type.type ? earlier : undefined;
    const properties = resolve(declared.Properties ?? {}, this.#scope, placeIn(this.#stack, logicalId, 'Properties'));
    const made = await type
      .create({
        type: type.type,
        stack: this.#stack.name,
        logicalId,
        path: place.path,
        properties: properties as Record<string, unknown>,
        ...(previous === undefined ? {} : { previous: { ref: previous.ref, attributes: previous.attributes } }),
        account,
        region,
        generatedName: (maxLength) => generatedName(this.#stack.name, logicalId, maxLength),
      })
      .catch((error: unknown) => {
        if (error instanceof TemplateError) throw error;
        throw Object.assign(new TemplateError(place, `${type.type} cannot be created: ${(error as Error).message}`), {
          cause: error,
        });
      });
    if (earlier !== undefined && (previous === undefined || previous.ref !== made.ref)) {
      this.#replaced.push([logicalId, { ...earlier, deletionPolicy: declared.UpdateReplacePolicy ?? 'Delete' }]);
    }
    const hash = createHash('sha256').update(JSON.stringify(properties)).digest('hex');
    this.#resources.set(logicalId, {
      type: type.type,
      path: place.path,
      ref: made.ref,
      attributes: made.attributes,
      properties: hash,
      deletionPolicy: declared.DeletionPolicy ?? 'Delete',
      updatedAt: previous?.properties === hash ? previous.updatedAt : this.#now,
    });
  }

  /** Newest first, as a stack's resources may need those made before them. */
  async #removeOrphans(): Promise<void> {
    const gone = Object.entries(this.#earlier?.resources ?? {}).filter(
      ([logicalId]) => !this.#resources.has(logicalId),
    );
    for (const [logicalId, orphan] of [...gone, ...this.#replaced].reverse()) {
      const type = this.#types.get(orphan.type);
      const what = `${orphan.type} ${orphan.ref} (${orphan.path || `${this.#stack.name}.${logicalId}`})`;
      if (orphan.deletionPolicy !== 'Delete') {
        this.#options.notice(`${what} is no longer in the templates; it is kept, as its policy says`);
      } else if (type === undefined) {
        this.#options.notice(`${what} is no longer in the templates, nor is its type known here; it is left as it is`);
      } else {
        await type.remove?.(orphan satisfies DeployedResource);
      }
    }
  }

  #resolveOutputs(): Record<string, OutputState> {
    const outputs: Record<string, OutputState> = {};
    for (const [name, output] of Object.entries(this.#stack.template.Outputs ?? {})) {
      const place = placeIn(this.#stack, name, 'Outputs');
      if (output.Condition !== undefined && !conditionHolds(output.Condition, this.#scope, place)) continue;
      const value = String(resolve(output.Value, this.#scope, place));
      const exportName = output.Export && String(resolve(output.Export.Name, this.#scope, place));
      if (exportName !== undefined) {
        if (this.#published.exports.has(exportName)) {
          throw new TemplateError(place, `the export ${exportName} exists already (${describePlace(place)})`);
        }
        this.#published.exports.set(exportName, value);
      }
      outputs[name] = {
        value,
        ...(output.Description === undefined ? {} : { description: output.Description }),
        ...(exportName === undefined ? {} : { exportName }),
      };
    }
    return outputs;
  }
}
