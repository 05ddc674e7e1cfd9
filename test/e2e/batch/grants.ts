import { writeFileSync } from 'node:fs';
import { arnPattern, wildcard } from '../../../local/access/wildcard.ts';
import type { Runtime } from '../../../local/start.ts';
import { readAssembly } from '../../../local/template/assembly.ts';
import { resolve } from '../../../local/template/intrinsics.ts';
import { placeIn, stackScope } from '../../../local/template/scope.ts';
import {
  declaredGrants,
  eachGrant,
  type Grant,
  grantKey,
  grantOf,
  readUnusedGrants,
  type UnusedGrants,
  unusedGrantsFile,
} from '../../app/grants.ts';

/** The grants of all roles that stand in the templates, each with whether a call that was recorded needed it. */
export function usedGrants(runtime: Runtime, directory: string): { readonly grant: Grant; readonly used: boolean }[] {
  const calls = Map.groupBy(
    runtime.calls.counts().filter(({ allowed }) => allowed),
    ({ role }) => role,
  );
  const outputs = new Map(Object.entries(runtime.stacks).map(([name, stack]) => [name, stack.outputs]));
  return readAssembly(directory).stacks.flatMap((stack) => {
    const deployed = new Map(Object.entries(runtime.stacks[stack.name]!.resources));
    const scope = stackScope(stack, runtime, deployed, { exports: new Map(), outputs });
    return declaredGrants(stack.template.Resources).map((declared) => {
      const { role, action, resource } = declared;
      const isAction = wildcard(action, 'i');
      const isResource = arnPattern(String(resolve(resource, scope, placeIn(stack, role))));
      const own = calls.get(deployed.get(role)!.attributes['Arn']!) ?? [];
      return {
        grant: grantOf(stack.name, declared),
        used: own.some((call) => isAction(call.action) && isResource(call.resource)),
      };
    });
  });
}

/** What the committed list and a run do not agree on, as sentences. */
export function disagreements(grants: ReturnType<typeof usedGrants>): string[] {
  const { unused, notRecorded } = readUnusedGrants();
  const listed = new Map(unused.flatMap((entry) => eachGrant(entry).map((grant) => [grantKey(grant), entry] as const)));
  const isRecorded = recorded(notRecorded);
  const known = new Set(grants.map(({ grant }) => grantKey(grant)));
  return [
    ...grants.flatMap(({ grant, used }) => {
      const entry = listed.get(grantKey(grant));
      if (!used && entry === undefined && isRecorded(grant)) return [`${grantKey(grant)} was not used`];
      return used && entry !== undefined && entry.sometimes !== true ? [`${grantKey(grant)} was used`] : [];
    }),
    ...[...listed.keys()].filter((key) => !known.has(key)).map((key) => `${key} is in no template`),
  ];
}

/** Writes the list anew from a run: what is new waits for its documentation, what was used or is gone leaves. */
export function updateList(grants: ReturnType<typeof usedGrants>): void {
  const list = readUnusedGrants();
  const isRecorded = recorded(list.notRecorded);
  const explained = new Map(
    list.unused.flatMap((entry) => eachGrant(entry).map((grant) => [grantKey(grant), entry] as const)),
  );
  const kept = grants.flatMap(({ grant, used }) => {
    const entry = explained.get(grantKey(grant));
    if (!isRecorded(grant) || (used && entry?.sometimes !== true)) return [];
    const { required = '', why = '', sometimes } = entry ?? {};
    return [{ grant, required, why, ...(sometimes && { sometimes }) }];
  });
  // Grants of one role with one explanation, by the resources that they are on.
  const byAction = Map.groupBy(kept, ({ grant: { role, action }, ...about }) =>
    JSON.stringify({ role, action, about }),
  );
  const entries = [...byAction].map(([key, those]) => {
    const { action, ...common } = JSON.parse(key) as { role: string; action: string; about: object };
    return { action, common, resources: those.map(({ grant }) => grant.resource) };
  });
  const merged = Map.groupBy(entries, ({ common, resources }) => JSON.stringify([common, resources]));
  const unused = [...merged.values()].map((those): UnusedGrants => {
    const [{ common, resources }] = those as [(typeof entries)[number]];
    const { role, about } = common as unknown as { role: string; about: Pick<UnusedGrants, 'required' | 'why'> };
    return { role, actions: those.map(({ action }) => action), resources, ...about };
  });
  writeFileSync(unusedGrantsFile, `${JSON.stringify({ ...list, unused }, undefined, 2)}\n`);
}

function recorded(notRecorded: ReturnType<typeof readUnusedGrants>['notRecorded']): (grant: Grant) => boolean {
  const tests = notRecorded.map(({ action }) => wildcard(action, 'i'));
  return ({ action }) => !tests.some((test) => test(action));
}
