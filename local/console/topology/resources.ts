import type { Assembly, TemplateResource } from '../../template/assembly.ts';
import { resolve } from '../../template/intrinsics.ts';
import { placeIn, stackScope, type Target } from '../../template/scope.ts';
import type { Deployment } from '../../template/state.ts';

/** A resource of the templates as it is deployed. */
export interface Resource {
  /** `<stack>/<logical id>` */
  readonly id: string;
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  /** The construct path. */
  readonly path: string;
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** With intrinsics resolved. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** As the template has it. */
  readonly declared: TemplateResource;
}

/** Every resource that is deployed, in the order of the stacks. */
export function deployedResources(assembly: Assembly, deployment: Deployment, target: Target): Resource[] {
  const earlier = {
    exports: new Map<string, string>(),
    outputs: new Map<string, (typeof deployment)[string]['outputs']>(),
  };
  for (const [name, { outputs }] of Object.entries(deployment)) {
    earlier.outputs.set(name, outputs);
    for (const { exportName, value } of Object.values(outputs)) if (exportName) earlier.exports.set(exportName, value);
  }
  return assembly.stacks.flatMap((stack) => {
    const state = deployment[stack.name];
    if (state === undefined) return [];
    const scope = stackScope(stack, target, new Map(Object.entries(state.resources)), earlier);
    return Object.entries(stack.template.Resources).flatMap(([logicalId, declared]): Resource[] => {
      const made = state.resources[logicalId];
      if (made === undefined) return [];
      const properties = resolve(declared.Properties ?? {}, scope, placeIn(stack, logicalId, 'Properties'));
      return [
        {
          id: `${stack.name}/${logicalId}`,
          stack: stack.name,
          logicalId,
          type: declared.Type,
          path: made.path,
          ref: made.ref,
          attributes: made.attributes,
          properties: properties as Resource['properties'],
          declared,
        },
      ];
    });
  });
}
