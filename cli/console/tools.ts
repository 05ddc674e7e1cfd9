import { randomInt } from 'node:crypto';
import type { ConsoleTools, Hop, PostOrder } from '../../local/console/tools.ts';
import { questions } from '../../model/questions/index.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { batchNamesOf, type DeployedNames } from '../accounting/deployed-names.ts';
import type { Clients } from '../aws.ts';
import { authorized, type DoorAuth } from '../door-auth.ts';
import { type Answer, httpDoor } from '../emulator/door.ts';
import { doorNames } from '../emulator/doors.ts';
import { emulate } from '../emulator/emulate.ts';
import { syntheticPost } from '../emulator/posts.ts';
import { syntheticPosts } from '../emulator/synthetic.ts';
import { candidates, redriveAll } from '../quarantine/redrive.ts';
import { runBatch } from './batch.ts';
import { follow } from './follow.ts';
import { NewestQuarantined } from './quarantined.ts';
import { totalsOf } from './totals.ts';

export interface ToolsOptions {
  readonly clients: Clients;
  /** Known once the stacks are deployed. */
  readonly names: () => Promise<DeployedNames>;
  /** The invoke URL with its stage. */
  readonly url: string;
  readonly auth: DoorAuth;
  readonly deployment: string;
  readonly hasBatch: boolean;
}

/** Beyond the posts of the demonstration and the emulator's first round. */
const firstIndex = 100_000;
const lastIndex = 1_000_000;
const senders = 8;

/** What the console page does with posts, by the same code as the commands do. */
export function consoleTools({
  clients,
  names,
  url,
  auth,
  deployment,
  hasBatch,
}: ToolsOptions): ConsoleTools & { close(): void } {
  const door = httpDoor({ keepAlive: true });
  const send = authorized(door, auth);
  const quarantined = new NewestQuarantined(clients);
  return {
    feeds: feedNames,
    // Topics are there for the batch layer.
    doors: doorNames.filter((name) => hasBatch || name === 'streams'),
    ask: async (path) => {
      const answer: Answer = await send('GET', new URL(url + path), '');
      return { status: answer.status, body: answer.error ?? answer.body };
    },
    questions: Object.fromEntries(
      questions.map(({ name, number, metric }) => [
        name,
        { ...(number !== undefined && { number }), isWindowed: metric.window !== undefined },
      ]),
    ),
    totals: async () => totalsOf(await names()),
    ...(hasBatch && {
      runBatch: async (onStep, signal) => runBatch(clients, batchNamesOf(await names()), onStep, signal),
    }),
    sample: () => {
      const index = randomInt(firstIndex, lastIndex);
      return { index, rows: syntheticPost(randomInt(lastIndex), index) as PostOrder['rows'] };
    },
    follow: async function* (order, signal): AsyncGenerator<Hop> {
      yield* follow({ clients, names: await names(), url, send, deployment }, order, signal);
    },
    async emulate({ rate, count, doors, dirty, duplicates }, stop, told) {
      const progress = { requests: 0, accepted: 0, refused: 0 };
      await emulate({
        url,
        deployment,
        doors: doorNames.filter((name) => doors.includes(name)),
        posts: syntheticPosts({ seed: randomInt(lastIndex), count, dirty, duplicates }),
        send,
        threads: senders,
        rate,
        stop,
        onAnswer: ({ status, retryInMs }) => {
          progress.requests++;
          if (status === 200) progress.accepted++;
          else if (retryInMs === undefined) progress.refused++;
          told({ ...progress });
        },
      });
    },
    quarantined: async (limit) => quarantined.rows((await names()).quarantineBucket, limit),
    async redrive(keys) {
      const deployed = await names();
      const wanted = new Set(keys);
      const { objects } = await candidates(clients, deployed, {});
      const chosen = objects.filter(({ key }) => wanted.has(key));
      const { ends, reasons } = await redriveAll(clients, deployed.redriveFunction, chosen);
      const skipped = keys.length - chosen.length;
      const notThese = skipped > 0 ? [`${skipped} cannot be redriven: only the speed layer's rows can.`] : [];
      return { left: ends.left, stays: ends.stays, problems: [...reasons, ...notThese] };
    },
    close: () => door.close(),
  };
}
