import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A template's resource, as CDK wrote it. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

export interface TemplateOutput {
  readonly Value: unknown;
  readonly Description?: string;
  readonly Condition?: string;
  readonly Export?: { readonly Name: unknown };
}

export interface TemplateParameter {
  readonly Type: string;
  readonly Default?: unknown;
}

export interface Template {
  readonly Description?: string;
  readonly Parameters?: Readonly<Record<string, TemplateParameter>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, TemplateOutput>>;
}

export interface Stack {
  /** The physical name. */
  readonly name: string;
  readonly template: Template;
  readonly tags: Readonly<Record<string, string>>;
  /** Logical id -> construct path. */
  readonly paths: ReadonlyMap<string, string>;
}

/** A cloud assembly: what `cdk synth` wrote into `cdk.out`. */
export interface Assembly {
  readonly directory: string;
  /** Each after those it depends on. */
  readonly stacks: readonly Stack[];
  /** Object key in the asset bucket -> local file or folder. */
  readonly assets: ReadonlyMap<string, string>;
}

/** A cloud assembly is missing or not of the kind that this runtime reads. */
export class AssemblyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AssemblyError';
  }
}

interface Artifact {
  readonly type: string;
  readonly dependencies?: readonly string[];
  readonly displayName?: string;
  readonly properties?: {
    readonly templateFile?: string;
    readonly stackName?: string;
    readonly file?: string;
    readonly directoryName?: string;
    readonly tags?: Readonly<Record<string, string>>;
  };
  readonly metadata?: Readonly<Record<string, readonly { readonly type: string; readonly data?: unknown }[]>>;
  readonly additionalMetadataFile?: string;
}

interface AssetManifest {
  readonly files?: Readonly<
    Record<
      string,
      {
        readonly source: { readonly path?: string };
        readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
      }
    >
  >;
  readonly dockerImages?: Readonly<Record<string, unknown>>;
}

/** @throws AssemblyError when there is none, or when it holds nested assemblies or container images. */
export function readAssembly(directory: string): Assembly {
  const manifest = readJson<{ artifacts?: Record<string, Artifact> }>(directory, 'manifest.json');
  const artifacts = manifest.artifacts ?? {};
  const assets = new Map<string, string>();
  for (const [id, artifact] of Object.entries(artifacts)) {
    if (artifact.type === 'cdk:cloud-assembly') {
      throw new AssemblyError(
        `${directory} holds the stage ${id}; the local runtime reads stacks outside stages only.`,
      );
    }
    if (artifact.type !== 'cdk:asset-manifest') continue;
    const { files = {}, dockerImages = {} } = readJson<AssetManifest>(directory, artifact.properties?.file ?? '');
    const image = Object.keys(dockerImages)[0];
    if (image !== undefined)
      throw new AssemblyError(`${id} has the container image ${image}, which cannot run locally.`);
    for (const { source, destinations } of Object.values(files)) {
      if (source.path === undefined) continue;
      for (const { objectKey } of Object.values(destinations)) assets.set(objectKey, join(directory, source.path));
    }
  }
  const stacks = inOrder(artifacts).map(([id, artifact]): Stack => {
    const template = readJson<Template>(directory, artifact.properties?.templateFile ?? `${id}.template.json`);
    return {
      name: artifact.properties?.stackName ?? id,
      template: { ...template, Resources: template.Resources ?? {} },
      tags: artifact.properties?.tags ?? {},
      paths: constructPaths(directory, artifact, template),
    };
  });
  return { directory, stacks, assets };
}

function inOrder(artifacts: Readonly<Record<string, Artifact>>): [string, Artifact][] {
  const order = new Map<string, Artifact>();
  const visit = (id: string): void => {
    const artifact = artifacts[id];
    if (artifact?.type !== 'aws:cloudformation:stack' || order.has(id)) return;
    for (const dependency of artifact.dependencies ?? []) visit(dependency);
    order.set(id, artifact);
  };
  for (const id of Object.keys(artifacts)) visit(id);
  return [...order];
}

/** From the resources' `aws:cdk:path`; what has none (outputs, conditions) from the manifest. */
function constructPaths(directory: string, artifact: Artifact, template: Template): Map<string, string> {
  const paths = new Map<string, string>();
  const metadata =
    artifact.metadata ??
    (artifact.additionalMetadataFile === undefined
      ? {}
      : readJson<NonNullable<Artifact['metadata']>>(directory, artifact.additionalMetadataFile));
  for (const [path, entries] of Object.entries(metadata)) {
    for (const { type, data } of entries) {
      if (type === 'aws:cdk:logicalId' && typeof data === 'string') paths.set(data, path.replace(/^\//, ''));
    }
  }
  for (const [logicalId, resource] of Object.entries(template.Resources ?? {})) {
    const path = resource.Metadata?.['aws:cdk:path'];
    if (typeof path === 'string') paths.set(logicalId, path);
  }
  return paths;
}

function readJson<T>(directory: string, file: string): T {
  try {
    return JSON.parse(readFileSync(join(directory, file), 'utf8')) as T;
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : `cannot be read (${error})`;
    throw new AssemblyError(`${join(directory, file)} ${reason}. Run "npm run synth" to write the cloud assembly.`);
  }
}
