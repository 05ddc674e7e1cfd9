import type { Assembly } from '../../template/assembly.ts';
import type { Target } from '../../template/scope.ts';
import type { Deployment } from '../../template/state.ts';
import { type Actor, type Link, links } from './edges.ts';
import { kinds } from './kinds.ts';
import { deployedResources, type Resource } from './resources.ts';

/** A box of the picture: one resource, or several that stand in the same place, as the streams of the feeds do. */
export interface Node {
  /** Of the first member. */
  readonly id: string;
  readonly kind: string;
  readonly type: string;
  /** Of its stack: `ingest`, `speed` … */
  readonly capability: string;
  readonly members: readonly { readonly id: string; readonly name: string }[];
}

/** An arrow. Ids of nodes. */
export interface Edge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly how: Link['how'];
}

export interface Topology {
  /** In the order in which data goes through them. */
  readonly capabilities: readonly string[];
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
}

/** What a path of data goes through, in this order; a stack of another name comes last. */
const ORDER = ['ingest', 'broker', 'sink', 'lake', 'speed', 'batch', 'serving', 'monitoring'];

export class PipelineTopology {
  readonly resources: readonly Resource[];
  readonly #actors: readonly Actor[];
  readonly topology: Topology;

  constructor(assembly: Assembly, deployment: Deployment, target: Target) {
    this.resources = deployedResources(assembly, deployment, target);
    // What only serves the deployment itself moves no data.
    const providers = new Set(this.resources.map(({ properties }) => properties['ServiceToken']));
    this.#actors = this.resources.flatMap((resource): Actor[] => {
      const kind = kinds[resource.type];
      const { Arn } = resource.attributes;
      if (kind === undefined || (Arn !== undefined && providers.has(Arn))) return [];
      const role = kind.role?.(resource.properties);
      return [{ resource, arn: kind.arn(resource, target), role: typeof role === 'string' ? role : undefined }];
    });
    this.topology = drawn(this.#actors, links(this.resources, this.#actors));
  }

  /** The members of a node. */
  actors(node: Node): readonly Actor[] {
    const ids = new Set(node.members.map(({ id }) => id));
    return this.#actors.filter(({ resource }) => ids.has(resource.id));
  }

  /** The name of the cluster whose topics these are. */
  get cluster(): string | undefined {
    const name = this.resources.find(({ type }) => type === 'AWS::MSK::Cluster')?.properties['ClusterName'];
    return name === undefined ? undefined : String(name);
  }

  resource(id: string): Resource | undefined {
    return this.resources.find((resource) => resource.id === id);
  }
}

function drawn(actors: readonly Actor[], found: readonly Link[]): Topology {
  const linked = new Set(found.flatMap(({ from, to }) => [from, to]));
  const groups = new Map<string, Actor[]>();
  for (const actor of actors) {
    const { id, type, stack } = actor.resource;
    if (!linked.has(id)) continue;
    const around = found.flatMap(({ from, to, how }) =>
      from === id ? [`>${how} ${to}`] : to === id ? [`<${how} ${from}`] : [],
    );
    const place = [type, stack, ...around.sort()].join('\n');
    groups.set(place, [...(groups.get(place) ?? []), actor]);
  }
  const nodeOf = new Map<string, string>();
  const nodes = [...groups.values()].map((members): Node => {
    const { id, type, stack } = members[0]!.resource;
    for (const { resource } of members) nodeOf.set(resource.id, id);
    const named = members.map(({ resource }) => ({ id: resource.id, name: kinds[type]!.name(resource) }));
    return { id, kind: kinds[type]!.title, type, capability: capabilityOf(stack), members: named };
  });
  const edges = new Map<string, Edge>();
  for (const { from, to, how } of found) {
    const [a, b] = [nodeOf.get(from)!, nodeOf.get(to)!];
    edges.set(`${a} ${b}`, { id: `${a} ${b}`, from: a, to: b, how });
  }
  const capabilities = [...new Set(nodes.map(({ capability }) => capability))].sort((a, b) => rank(a) - rank(b));
  return { capabilities, nodes, edges: [...edges.values()] };
}

const capabilityOf = (stack: string): string => stack.slice(stack.lastIndexOf('-') + 1);

function rank(capability: string): number {
  const at = ORDER.indexOf(capability);
  return at === -1 ? ORDER.length : at;
}
