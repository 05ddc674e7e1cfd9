import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeployedResource } from '../resources/resource.ts';
import { writeWhole } from '../whole-file.ts';

/** What a start made of a resource. The order in `StackState.resources` is the order of creation. */
export interface ResourceState extends DeployedResource {
  readonly type: string;
  readonly path: string;
  /** SHA-256 of the resolved properties. */
  readonly properties: string;
  /** What happens to it when a template no longer has it. */
  readonly deletionPolicy: string;
  /** ISO, UTC: when its properties last changed. */
  readonly updatedAt: string;
}

export interface StackState {
  readonly id: string;
  readonly description?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly resources: Readonly<Record<string, ResourceState>>;
  readonly outputs: Readonly<Record<string, OutputState>>;
}

export interface OutputState {
  readonly value: string;
  readonly description?: string;
  readonly exportName?: string;
}

/** Stack name -> what is deployed of it. */
export type Deployment = Readonly<Record<string, StackState>>;

/** `deployment.json` in the state directory: what earlier starts deployed. */
export class DeploymentFile {
  readonly #file: string;

  constructor(stateDirectory: string) {
    this.#file = join(stateDirectory, 'deployment.json');
  }

  read(): Deployment {
    try {
      return JSON.parse(readFileSync(this.#file, 'utf8')) as Deployment;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw new Error(`${this.#file} cannot be read (${error}). "npm run reset" clears the local state.`);
    }
  }

  write(deployment: Deployment): void {
    writeWhole(this.#file, `${JSON.stringify(deployment, undefined, 1)}\n`);
  }
}
