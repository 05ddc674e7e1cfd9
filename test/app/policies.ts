import { asText, named, type Properties, type StackTemplate } from './synth.ts';

/** Statements of the only role whose logical id begins so, as `[actions, resources]`, both lists. */
export function grantsOf(template: StackTemplate, role: string): [string[], string[]][] {
  const { Policies } = named(template, 'AWS::IAM::Role', role);
  return (Policies as Properties[])
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement as Properties[])
    .map(({ Effect, Action, Resource }) => {
      if (Effect !== 'Allow') throw new Error(`${role} has a statement with the effect ${Effect}`);
      return [[Action].flat(), [Resource].flat().map(asText)];
    });
}
