import { hasTask } from './tasks.ts';

/** A state of the Amazon States Language, as it stands in a definition. https://states-language.net/spec.html */
export type StateBody = Record<string, unknown>;

export interface Definition extends StateBody {
  readonly StartAt: string;
  readonly States: Record<string, StateBody>;
}

interface NamedState {
  readonly name: string;
  readonly state: StateBody;
}

/** Where the context object of an execution is put: the interpreter writes `Execution` anew in each branch. */
export const RUN_CONTEXT = 'Run';
/** As long as a timer of Node can wait, 24 days; the interpreter's default is one minute, that of AWS is none. */
const LONGEST_SECONDS = 2_147_483;

/** Fields that change what a state does and that nothing here carries out. */
const UNSUPPORTED: Readonly<Record<string, readonly string[]>> = {
  Task: ['TimeoutSecondsPath', 'HeartbeatSeconds', 'HeartbeatSecondsPath', 'Credentials'],
  Map: [
    'ItemReader',
    'ItemBatcher',
    'ResultWriter',
    'ToleratedFailureCount',
    'ToleratedFailureCountPath',
    'ToleratedFailurePercentage',
    'ToleratedFailurePercentagePath',
    'Label',
  ],
};
const JSONATA = ['Arguments', 'Assign', 'Output', 'Items', 'Condition'];

/** Every state, those of branches and iterations too. */
export function statesOf(definition: Definition): NamedState[] {
  return Object.entries(definition.States ?? {}).flatMap(([name, state]) => [
    { name, state },
    ...inner(state).flatMap((nested) => statesOf(nested)),
  ]);
}

function inner(state: StateBody): Definition[] {
  const processor = state['ItemProcessor'] ?? state['Iterator'];
  return [
    ...((state['Branches'] ?? []) as Definition[]),
    ...(processor === undefined ? [] : [processor as Definition]),
  ];
}

/** What of a definition cannot be carried out here, each with the state that it is in. */
export function definitionProblems(definition: Definition): string[] {
  const states = statesOf(definition);
  const names = states.map(({ name }) => name);
  const twice = names.filter((name, i) => names.indexOf(name) !== i).map((name) => `has two states ${name}`);
  const language = definition['QueryLanguage'] ?? 'JSONPath';
  return [
    ...(language === 'JSONPath' ? [] : [`is in ${language}; only JSONPath is interpreted here`]),
    ...twice,
    ...states.flatMap(({ name, state }) => stateProblems(state).map((problem) => `state ${name} ${problem}`)),
  ];
}

function stateProblems(state: StateBody): string[] {
  const type = String(state['Type']);
  const jsonata = JSONATA.filter((field) => field in state);
  const processor = state['ItemProcessor'] as { ProcessorConfig?: { Mode?: string } } | undefined;
  const mode = processor?.ProcessorConfig?.Mode ?? 'INLINE';
  return [
    ...((state['QueryLanguage'] ?? 'JSONPath') === 'JSONPath'
      ? []
      : ['is in JSONata; only JSONPath is interpreted here']),
    ...jsonata.map((field) => `has ${field}, which belongs to JSONata or to variables; neither is interpreted here`),
    ...(UNSUPPORTED[type] ?? [])
      .filter((field) => field in state)
      .map((field) => `has ${field}, which has no effect here`),
    ...(type !== 'Task' || hasTask(String(state['Resource']))
      ? []
      : [`calls ${String(state['Resource'])}, which the local runtime does not have`]),
    ...(mode === 'INLINE' ? [] : [`is a ${mode} map; only INLINE ones run here`]),
    ...('Result' in state && !state['Result']
      ? ['has a Result that is null, false, 0 or empty; the interpreter drops it']
      : []),
    ...contextProblems(state),
  ];
}

/** The context object has `Execution`, `StateMachine` and, where the items of a map are chosen, `Map.Item`. */
function contextProblems(state: StateBody): string[] {
  return Object.entries(state)
    .filter(([field]) => !['Branches', 'ItemProcessor', 'Iterator'].includes(field))
    .flatMap(([field, value]) => {
      const items = state['Type'] === 'Map' && (field === 'ItemSelector' || field === 'Parameters');
      const known = items ? /^(Execution|StateMachine|Map\.Item)\b/ : /^(Execution|StateMachine)\b/;
      return paths(field, value)
        .flatMap((path) => [...path.matchAll(/\$\$\.?([\w.]*)/g)].map(([, name]) => name!))
        .filter((name) => !known.test(name))
        .map((name) => `reads $$.${name} of the context object, which is not there`);
    });
}

function paths(field: string, value: unknown): string[] {
  if (typeof value === 'string') return isPath(field) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => paths(key, one));
}

const isPath = (field: string): boolean => field.endsWith('.$') || field.endsWith('Path') || field === 'Variable';

/** The same machine in the words that the interpreter needs to do what AWS does. */
export function forInterpreter(definition: Definition): Definition {
  const states = Object.entries(definition.States).map(([name, state]) => [name, stateForInterpreter(state)]);
  return { ...definition, States: Object.fromEntries(states) };
}

function stateForInterpreter(state: StateBody): StateBody {
  const body = Object.fromEntries(
    Object.entries(state)
      .filter(([field, value]) => !(field === 'ResultPath' && value === '$'))
      .map(([field, value]) => {
        if (field === 'Branches') return [field, (value as Definition[]).map(forInterpreter)];
        if (field === 'ItemProcessor' || field === 'Iterator') return [field, forInterpreter(value as Definition)];
        return [field, inRunContext(field, value)];
      }),
  );
  return state['Type'] === 'Task' ? { TimeoutSeconds: LONGEST_SECONDS, ...body } : body;
}

function inRunContext(field: string, value: unknown): unknown {
  if (typeof value === 'string') {
    return isPath(field) ? value.replaceAll('$$.Execution', () => `$$.${RUN_CONTEXT}`) : value;
  }
  if (Array.isArray(value)) return value.map((one) => inRunContext('', one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, one]) => !(field === '' && key === 'ResultPath' && one === '$'))
      .map(([key, one]) => [key, inRunContext(key, one)]),
  );
}
