import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Stack } from 'aws-cdk-lib/core';
import { buildApp, newApp, type PinflowStacks } from '../../lib/app.ts';
import { profileNamed, withAuth, withSwitch } from '../../lib/profiles/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: properties are as free as CloudFormation's
export type Properties = Record<string, any>;

export interface TemplateResource {
  readonly Type: string;
  readonly Properties: Properties;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface StackTemplate {
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs: Readonly<Record<string, { readonly Description?: string; readonly Value: unknown }>>;
}

export type StackName =
  | 'lake'
  | 'ingest'
  | 'speed'
  | 'serving'
  | 'network'
  | 'broker'
  | 'sink'
  | 'batch'
  | 'monitoring';

export interface Synthesized {
  readonly stacks: PinflowStacks;
  /** `validation-report.json`: findings and warnings. */
  readonly report: Properties;
  /** Those of the batch path and of monitoring only where the profile has them. */
  readonly templates: Readonly<Record<StackName, StackTemplate>>;
  /** Names of the stacks, by capability. */
  readonly stackNames: Readonly<Record<StackName, string>>;
}

/**
 * The real app as `bin/pinflow.ts` builds it, but for the bundles of functions and the connector, which take seconds to
 * make, and for CloudFormation's own rules, which take as long to look at the templates.
 */
export function synth(...given: Parameters<typeof synthChecked>): Synthesized {
  process.env['CDK_VALIDATION'] = 'false';
  try {
    return synthChecked(...given);
  } finally {
    delete process.env['CDK_VALIDATION'];
  }
}

/** The same with the findings of CloudFormation's own rules in the report. */
export function synthChecked(
  profileName = 'laptop',
  context: Record<string, unknown> = {},
  deployment = 'demo',
  auth = 'none',
  batchPath?: 'on' | 'off',
  topicsFeedSpeed?: 'on' | 'off',
): Synthesized {
  const own = withSwitch(withAuth(profileNamed(profileName), auth), 'batchPath', batchPath);
  const profile = withSwitch(own, 'topicsFeedSpeed', topicsFeedSpeed);
  const app = newApp({ context: { 'aws:cdk:bundling-stacks': [], ...context } });
  const folder = mkdtempSync(join(tmpdir(), 'pinflow-plugin-'));
  const sinkPlugin = join(folder, 'plugin.zip');
  writeFileSync(sinkPlugin, 'a plugin');
  const stacks = buildApp(app, { profile, deployment, sinkPlugin });
  // CDK prints the report that it also writes.
  const printed = jest.spyOn(console, 'error').mockImplementation(() => {});
  const { directory } = app.synth();
  printed.mockRestore();
  const read = (file: string) => JSON.parse(readFileSync(join(directory, file), 'utf8'));
  const { batchPath: more, monitoring, ...always } = stacks;
  const all = Object.entries<Stack>({ ...always, ...more, ...(monitoring && { monitoring }) });
  const byName = <T>(value: (stack: Stack) => T) =>
    Object.fromEntries(all.map(([name, stack]) => [name, value(stack)])) as Record<StackName, T>;
  const synthesized = {
    stacks,
    report: read('validation-report.json'),
    templates: byName((stack): StackTemplate => read(stack.templateFile)),
    stackNames: byName(({ stackName }) => stackName),
  };
  rmSync(directory, { recursive: true });
  rmSync(folder, { recursive: true });
  return synthesized;
}

/** Resources of one type: their properties by logical id. */
export function ofType(template: StackTemplate, type: string): Record<string, Properties> {
  return Object.fromEntries(
    Object.entries(template.Resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([id, resource]) => [id, resource.Properties]),
  );
}

/** The only resource of its type. */
export function only(template: StackTemplate, type: string): Properties {
  const found = Object.values(ofType(template, type));
  if (found.length !== 1) throw new Error(`${found.length} resources of type ${type} instead of one`);
  return found[0]!;
}

/** The only resource of its type whose logical id begins so. */
export function named(template: StackTemplate, type: string, id: string): Properties {
  const [found, ...others] = Object.entries(ofType(template, type)).filter(([logicalId]) => logicalId.startsWith(id));
  if (found === undefined || others.length > 0) throw new Error(`${id}: not one resource of type ${type}`);
  return found[1];
}

/** A value with its pseudo parameters and references put as text: `pinflow-demo-raw-${AWS::AccountId}`. */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::Join': join, 'Fn::GetAtt': att, 'Fn::GetStackOutput': output } = value as Properties;
  if ((value as Properties)['Fn::Sub']) return (value as Properties)['Fn::Sub'];
  if (output) return `\${${output.StackName}.${output.OutputName}}`;
  if (Ref) return `\${${Ref}}`;
  if (att) return `\${${att.join('.')}}`;
  if (join) return join[1].map(asText).join(join[0]);
  throw new Error(`No text for ${JSON.stringify(value)}`);
}
