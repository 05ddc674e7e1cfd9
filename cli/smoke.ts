import { type DeployedNames, deployedNames } from './accounting/deployed-names.ts';
import { UsageError } from './arguments.ts';
import { command } from './command.ts';
import { authOf, authOptions, authorized, clientsOf, type DoorAuth } from './door-auth.ts';
import { httpDoor, type Send } from './emulator/door.ts';
import { localApi } from './local-runtime.ts';
import { batchChecks } from './smoke/batch-checks.ts';
import { type CheckResult, runChecks } from './smoke/check.ts';
import { dashboardChecks } from './smoke/dashboard-checks.ts';
import { type Door, doorChecks } from './smoke/door-checks.ts';
import { landingChecks } from './smoke/landing-checks.ts';
import type { SentRow } from './smoke/rows.ts';
import { hasTopicsDoor, type TopicRow, topicsChecks } from './smoke/topics-checks.ts';

export default command(
  {
    command: 'smoke',
    summary:
      'Checks a deployment from end to end: its routes, what it accepts and refuses, and where the rows end. Leaves some posts with indexes above 10^14 and one row in quarantine.',
    options: {
      url: { type: 'text', value: 'URL', describe: 'invoke URL with its stage (that of npm start)' },
      deployment: { type: 'text', value: 'ID', describe: 'the id in the names (demo)' },
      ...authOptions,
      profile: { type: 'text', value: 'NAME', describe: 'of the AWS CLI, to sign and to see where rows end' },
      region: { type: 'text', value: 'NAME', describe: 'of the deployment (that of the URL)' },
      endpoint: { type: 'text', value: 'URL', describe: 'the AWS endpoint (AWS; for a local URL that of npm start)' },
      wait: { type: 'number', min: 1, max: 600, describe: 'seconds that rows may take to their end (60)' },
    },
  },
  async (given) => {
    const url = urlOf(given.url ?? localApi());
    const { deployment = 'demo', wait = 60 } = given;
    const { clients, region } = clientsOf(url, given);
    const door = httpDoor({ keepAlive: true });
    try {
      const auth = authOf(given, clients, region);
      const { status, error } = await door('GET', url, '', {});
      if (status === 0) {
        console.error(`No answer from ${url}: ${error}. npm start runs the pipeline here.`);
        return 1;
      }
      const sent: SentRow[] = [];
      console.log(`Checking ${url} of deployment ${deployment}, auth ${auth.kind}`);
      const waitMs = wait * 1000;
      const api = doorOf(url, deployment, door, auth);
      // Without credentials only the door tells.
      const names = await deployedNames(clients, deployment).catch(() => undefined);
      const batch = await batchPathOf(api, names);
      const inTopics: TopicRow[] = [];
      const results = await runChecks(
        [
          ...doorChecks(api, sent),
          ...(batch ? topicsChecks(api, inTopics) : []),
          ...landingChecks({ clients, deployment, sent, waitMs }),
          ...(batch ? batchChecks({ clients, names: batch.names, sent: inTopics, waitMs }) : []),
          ...dashboardChecks(clients, names?.dashboards ?? []),
        ],
        (result) => console.log(lineOf(result)),
      );
      if (!batch) console.log('\nThe batch path is not deployed; there was nothing of it to check.');
      if (names && !names.dashboards) console.log('\nThere are no dashboards: nothing is monitored.');
      console.log(`\n${summaryOf(results)}`);
      return results.some(({ outcome }) => outcome === 'FAIL') ? 1 : 0;
    } finally {
      door.close();
      clients.close();
    }
  },
);

/** Undefined without it. */
async function batchPathOf(
  door: Door,
  names: DeployedNames | undefined,
): Promise<{ readonly names: DeployedNames['batch'] } | undefined> {
  if (names?.batch !== undefined) return { names: names.batch };
  return names === undefined && (await hasTopicsDoor(door)) ? { names: undefined } : undefined;
}

function doorOf({ href: url }: URL, deployment: string, plain: Send, auth: DoorAuth): Door {
  const anonymous = auth.kind === 'none' ? {} : { anonymous: plain };
  return { url, deployment, send: authorized(plain, auth), noRoute: auth.kind === 'iam' ? 403 : 404, ...anonymous };
}

function urlOf(text: string): URL {
  if (!URL.canParse(text)) throw new UsageError(`--url is "${text}": give the output ApiUrl, such as https://…/prod`);
  const url = new URL(text);
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

function lineOf({ check, outcome, detail }: CheckResult): string {
  return `  ${outcome}  ${check.about.padEnd(6)}  ${check.name.padEnd(46)}  ${detail}`;
}

function summaryOf(results: readonly CheckResult[]): string {
  const count = (outcome: CheckResult['outcome']) => results.filter((result) => result.outcome === outcome).length;
  const [passed, failed, skipped] = [count('pass'), count('FAIL'), count('skip')];
  const unseen = skipped > 0 ? ` Skipped: ${skipped}, so where the rows ended was not seen.` : '';
  return `${passed} of ${results.length} checks passed${failed > 0 ? `, ${failed} failed` : ''}.${unseen}`;
}
