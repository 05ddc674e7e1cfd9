import { wordDistance } from '../model/word-distance.ts';
import { ContextError } from './context-error.ts';
import type { Deployment } from './pinflow-stack.ts';
import { profileNamed, SWITCHES, withAlarms, withAuth, withSwitch } from './profiles/index.ts';

/** What the app reads, beside an alarm's settings. */
const KEYS = ['profile', 'deployment', 'auth', ...SWITCHES, 'allowDataDeletion'];
const ALARM_KEYS = 'alarm.<name>.<setting>';

/** What CDK keeps in the context, besides feature flags and look-ups. */
const OF_CDK = ['acknowledged-issue-numbers', 'assets-ecr-repository-name', 'cli-telemetry'];

export class UnknownContextKeyError extends ContextError {
  override readonly name = 'UnknownContextKeyError';

  constructor(key: string) {
    super(
      `Nothing reads the context key ${JSON.stringify(key)}, of -c, cdk.json or ~/.cdk.json. ` +
        `${meant(key)}There are ${[...KEYS, ALARM_KEYS].join(', ')}`,
    );
  }
}

/**
 * The deployment that the context asks for: `-c key=value`, over what cdk.json says.
 * @throws ContextError for a value that there is not, and for a key that nothing reads: misspelt, it would deploy something else
 */
export function deploymentOf(context: Readonly<Record<string, unknown>>): Deployment {
  const unknown = Object.keys(context).find((key) => !isKnown(key));
  if (unknown !== undefined) throw new UnknownContextKeyError(unknown);
  const named = profileNamed(context['profile'] ?? 'laptop');
  const authorized = withAuth(named, context['auth'] ?? named.api.auth);
  const switched = SWITCHES.reduce((profile, name) => withSwitch(profile, name, context[name]), authorized);
  return { profile: withAlarms(switched, context), deployment: String(context['deployment'] ?? 'demo') };
}

/** Of CDK's own keys, flags begin with @, and the others have a colon: `aws:cdk:…`, `availability-zones:account=…`. */
const isKnown = (key: string): boolean =>
  KEYS.includes(key) || key.startsWith('alarm.') || /^@|:/.test(key) || OF_CDK.includes(key);

/** The nearest key there is, by the part that is the same for all of a kind; nothing if that is another word. */
function meant(key: string): string {
  const begun = beginning(key);
  const far = (known: string) => wordDistance(begun, beginning(known));
  const nearest = [...KEYS, ALARM_KEYS].reduce((best, known) => (far(known) < far(best) ? known : best));
  return far(nearest) <= begun.length / 2 ? `Is it ${nearest}? ` : '';
}

const beginning = (key: string): string => key.split('.')[0]!.toLowerCase();
