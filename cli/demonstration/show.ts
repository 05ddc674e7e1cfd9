import { join } from 'node:path';
import type { Runtime } from '../../local/start.ts';
import { batchNamesOf, type DeployedNames, deployedNames } from '../accounting/deployed-names.ts';
import { type Clients, clientsAt, localRegion } from '../aws.ts';
import { courseQuestions } from '../batch/answers.ts';
import { stepLine, summaryText } from '../batch/print.ts';
import { readPointer } from '../batch/run.ts';
import type { DoorAuth } from '../door-auth.ts';
import { rebuildWhatIsNew } from '../rebuild/at-start.ts';
import { drained } from '../rebuild/drain.ts';
import { AnswerError, type Api, askQuestions, difference, type ServedAnswer } from './answers.ts';
import { demonstrateBatch } from './batch.ts';
import { type Demonstration, demonstrate } from './demonstration.ts';
import { curl, demonstrationTable, onePost, seconds, thingsToTry } from './print.ts';
import { comparedText, liveText } from './print-answers.ts';
import { landedTable, waysToAsk } from './print-batch.ts';

export interface ShowOptions {
  readonly deployment: string;
  readonly stateDir: string;
  readonly stop: AbortSignal;
}

/** What the parts of the demonstration work with. */
interface Shown {
  readonly clients: Clients;
  readonly names: DeployedNames;
  readonly api: Api;
  readonly stop: AbortSignal;
}

/**
 * Runs the demonstration, and prints what comes of it as it comes.
 * @returns whether every row is accounted for, and both layers answer the same
 */
export async function showDemonstration(runtime: Runtime, options: ShowOptions): Promise<boolean> {
  const { deployment, stateDir, stop } = options;
  const clients = clientsAt(runtime.endpoint);
  try {
    const names = await deployedNames(clients, deployment);
    await rebuildWhatIsNew(clients, names, { stop, log: console.log });
    if (stop.aborted) return false;
    const auth = authAsked(runtime, deployment, clients);
    const api = { url: `${runtime.apiUrl}/prod`, auth };
    const told = { url: api.url.replace('127.0.0.1', 'localhost'), auth };
    const logFile = join(stateDir, 'demonstration.jsonl');
    const sent = await demonstrate({ clients, names, ...api, deployment, logFile, stop });
    if (stop.aborted) return false;
    const sentPosts = `${sent.sent.posts} posts in ${seconds(sent.sent.seconds * 1000)}`;
    console.log(
      `\nDemonstration: ${sentPosts}, some of them twice, some of their rows dirty\n${demonstrationTable(sent)}`,
    );
    tellFaults(sent.faults);
    if (sent.faults.length === 0) console.log('  Every row is accounted for.');
    console.log(`\n${await onePost(clients, names.postsTable)}`);

    const shown = { clients, names, api, stop };
    const live = await liveAnswers(shown);
    if (stop.aborted) return false;
    if (live !== undefined) console.log(`\n${liveText(live, curl(told))}`);
    const inBatch = await showBatch(shown, sent.taken, live);
    if (stop.aborted) return false;
    console.log(`\n${thingsToTry({ ...runtime, ...told }, deployment, names.postsTable)}`);
    if (names.batch) console.log(waysToAsk(deployment, names.batch));
    return sent.faults.length === 0 && live !== undefined && inBatch;
  } finally {
    clients.close();
  }
}

/** Within which a change has to be counted, on a busy machine too. */
const countedMs = 180_000;

/** The live answers once all changes are counted; undefined, and told, when there are none. */
async function liveAnswers({ clients, names, api, stop }: Shown): Promise<readonly ServedAnswer[] | undefined> {
  const until = AbortSignal.any([stop, AbortSignal.timeout(countedMs)]);
  const isCounted = await drained(clients, names, { stop: until, onBehind: () => {} });
  if (stop.aborted) return undefined;
  if (!isCounted) tellFaults([`The changes of the posts were not counted within ${seconds(countedMs)}.`]);
  else return answered(askQuestions(api, courseQuestions, { layer: 'live' }));
}

/** @returns whether what the doors took is in raw, every row of it accounted for, and answered as the live layer did */
async function showBatch(
  { clients, names, api, stop }: Shown,
  taken: Demonstration['taken'],
  live: readonly ServedAnswer[] | undefined,
): Promise<boolean> {
  if (names.batch === undefined) return true;
  const { run, faults } = await demonstrateBatch({
    clients,
    names,
    taken,
    onLanded: (raw) => console.log(`\nLanded in raw\n${landedTable(raw)}\n\nBatch run`),
    onStep: (step) => console.log(stepLine(step)),
    stop,
  });
  tellFaults(faults);
  if (run?.outcome !== 'changed' && run?.outcome !== 'unchanged') return false;
  console.log(summaryText(run));
  const { runId } = (await readPointer(clients, batchNamesOf(names)))!;
  const batch = await answered(askQuestions(api, courseQuestions, { layer: 'batch', run: runId }));
  if (batch === undefined || live === undefined) return false;
  console.log(`\n${comparedText(live, batch)}`);
  const differences = live.flatMap((answer, at) => difference(answer, batch[at]!) ?? []);
  // A layer that has not seen a door may well answer otherwise.
  if (String(live[0]?.doors) !== String(batch[0]?.doors)) return faults.length === 0;
  tellFaults(differences.map((text) => `${text} npm run compare tells which posts.`));
  return faults.length === 0 && differences.length === 0;
}

async function answered(asked: Promise<readonly ServedAnswer[]>): Promise<readonly ServedAnswer[] | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    tellFaults([error.message]);
    return undefined;
  }
}

function tellFaults(faults: readonly string[]): void {
  for (const fault of faults) console.error(`  ! ${fault}`);
}

/** What the API asks of its callers, by the outputs of its stack. */
export function authAsked(
  { stacks, apiKeys }: Pick<Runtime, 'stacks' | 'apiKeys'>,
  deployment: string,
  clients: Clients,
): DoorAuth {
  const { ApiInvokeArn, ApiKeyId } = stacks[`pinflow-${deployment}-ingest`]?.outputs ?? {};
  if (ApiInvokeArn) return { kind: 'iam', clients, region: localRegion };
  const key = ApiKeyId && apiKeys.find(ApiKeyId.value)?.value;
  return key === undefined ? { kind: 'none' } : { kind: 'api-key', key };
}
