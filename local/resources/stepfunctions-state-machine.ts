import { type Definition, definitionProblems } from '../services/states/definition.ts';
import type { StatesService } from '../services/states/service.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html */
export function stateMachine(states: StatesService): ResourceType {
  return {
    type: 'AWS::StepFunctions::StateMachine',
    implemented: [
      'Definition',
      'DefinitionString',
      'DefinitionSubstitutions',
      'RoleArn',
      'StateMachineName',
      'StateMachineType',
    ],
    inert: {
      Tags: 'nothing here reads tags',
      TracingConfiguration: 'traces are not collected',
    },
    check: (properties) => {
      const type = properties['StateMachineType'] ?? 'STANDARD';
      if (type !== 'STANDARD') return [`is of the type ${type}; only STANDARD machines run here`];
      const written = properties['Definition'] ?? knownText(properties['DefinitionString']);
      if (written === undefined) return [];
      try {
        const definition = typeof written === 'string' ? (JSON.parse(written) as Definition) : written;
        return definitionProblems(definition).map((problem) => `has a definition that ${problem}`);
      } catch {
        return ['has a definition that is not JSON'];
      }
    },
    async create({ properties, generatedName }) {
      const name = String(properties['StateMachineName'] ?? generatedName(80));
      const text = properties['DefinitionString'] ?? JSON.stringify(properties['Definition']);
      const substitutions = Object.entries(properties['DefinitionSubstitutions'] ?? {});
      const definition = substitutions.reduce<string>(
        (all, [key, value]) => all.replaceAll(`\${${key}}`, () => String(value)),
        String(text),
      );
      const arn = states.define({
        name,
        roleArn: String(properties['RoleArn']),
        definition: JSON.parse(definition) as Definition,
      });
      return { ref: arn, attributes: { Arn: arn, Name: name } };
    },
    remove: async ({ ref }) => states.remove(ref),
  };
}

/** The text as far as it is known before anything is created: references stand as a word each. */
function knownText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const [separator, parts] = ((value as { 'Fn::Join'?: [string, unknown[]] })?.['Fn::Join'] ?? []) as [
    string,
    unknown[],
  ];
  if (!Array.isArray(parts)) return undefined;
  return parts.map((part) => (typeof part === 'string' ? part : reference(part))).join(separator);
}

const reference = (part: unknown): string =>
  (part as { Ref?: string }).Ref === 'AWS::Partition' ? 'aws' : 'reference';
