import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { forOption, UsageError } from './arguments.ts';
import { command } from './command.ts';
import { authOf, authOptions, authorized, clientsOf } from './door-auth.ts';
import { httpDoor } from './emulator/door.ts';
import { doorNames } from './emulator/doors.ts';
import { emulate, type LoggedAnswer, type SentPost } from './emulator/emulate.ts';
import { ownPosts, RowsFileError } from './emulator/own-rows.ts';
import { summaryOf } from './emulator/summary.ts';
import { syntheticPosts } from './emulator/synthetic.ts';
import { Watcher } from './emulator/watcher.ts';
import { onInterrupt } from './interrupt.ts';
import { localApi } from './local-runtime.ts';
import { Progress } from './progress.ts';

export default command(
  {
    command: 'emulate',
    summary: 'Sends posts to a door as the public emulators do: three requests a post, one after the other.',
    options: {
      count: { type: 'number', whole: true, min: 1, describe: 'posts to send (100; with --from: all of the file)' },
      rate: { type: 'number', min: 0.001, describe: 'posts a second (as fast as the answers come)' },
      door: {
        type: 'text',
        oneOf: ['streams', 'topics', 'both'],
        describe: 'which door (streams)',
      },
      threads: { type: 'number', whole: true, min: 1, max: 256, describe: 'posts sent at the same time (1)' },
      dirty: { type: 'number', min: 0, max: 1, describe: 'share of rows made invalid or odd (0)' },
      duplicates: { type: 'number', min: 0, max: 1, describe: 'share of turns that send an earlier post again (0)' },
      seed: { type: 'number', whole: true, min: 0, describe: 'the same seed sends the same posts (100)' },
      from: { type: 'text', value: 'FILE', describe: 'own rows, .jsonl or .csv, instead of synthetic ones' },
      url: { type: 'text', value: 'URL', describe: 'invoke URL with its stage (that of npm start)' },
      deployment: { type: 'text', value: 'ID', describe: 'the id in the names of the streams (demo)' },
      ...authOptions,
      profile: { type: 'text', value: 'NAME', describe: 'of the AWS CLI, to sign with --auth iam' },
      region: { type: 'text', value: 'NAME', describe: 'of the API, to sign for (that of the URL)' },
      log: { type: 'text', value: 'FILE', describe: 'write every answer to this file, one JSON object a line' },
      'keep-alive': { type: 'flag', describe: 'reuse connections; the public emulators open one for each request' },
    },
  },
  async (given) => {
    const { seed = 100, dirty = 0, duplicates = 0, threads = 1, rate, from, log } = given;
    const idle = (['seed', 'dirty', 'duplicates'] as const).find(
      (name) => from !== undefined && given[name] !== undefined,
    );
    if (idle !== undefined) throw new UsageError(`--${idle} is of synthetic posts: leave it, or --from.`);
    const count = given.count ?? (from === undefined ? 100 : Infinity);
    const posts: AsyncIterator<SentPost> | Iterator<SentPost> =
      from === undefined ? syntheticPosts({ seed, count, dirty, duplicates }) : firstOf(ownPosts(from), count);
    const url = given.url ?? localApi();
    if (!URL.canParse(url)) throw new UsageError(`--url is "${url}": give the output ApiUrl, such as https://…/prod`);
    const { clients, region } = clientsOf(new URL(url), given);
    const plain = httpDoor({ keepAlive: given['keep-alive'] ?? false });
    const send = authorized(plain, authOf(given, clients, region));
    const lines = log === undefined ? undefined : createWriteStream(log);
    if (lines) await forOption('--log', () => once(lines, 'open'));
    const progress = new Progress();
    const watcher = new Watcher(url, (text) => progress.note(text));
    const stop = onInterrupt(() => progress.note('Stopping: the posts that were begun are sent to their end.'));
    try {
      const summary = await emulate({
        url,
        deployment: given.deployment ?? 'demo',
        doors: doorNames.filter((door) => given.door === 'both' || door === (given.door ?? 'streams')),
        posts,
        send,
        threads,
        ...(rate !== undefined && { rate }),
        stop: AbortSignal.any([stop.signal, watcher.inVain]),
        onAnswer: (answer: LoggedAnswer) => {
          lines?.write(`${JSON.stringify(answer)}\n`);
          progress.answer(answer, count);
          watcher.answer(answer);
        },
      });
      progress.end();
      console.log(summaryOf(summary));
      const isWhole = Object.values(summary.feeds).every(({ refused }) => refused === 0);
      return stop.signal.aborted ? 130 : isWhole ? 0 : 1;
    } catch (error) {
      if (!(error instanceof RowsFileError) || watcher.begun === 0) throw error;
      throw new RowsFileError(`${error.message} The posts before it, ${watcher.begun}, were sent.`);
    } finally {
      progress.end();
      stop.dispose();
      plain.close();
      clients.close();
      if (lines) await new Promise((resolve) => lines.end(resolve));
    }
  },
);

async function* firstOf(posts: AsyncGenerator<SentPost>, count: number): AsyncGenerator<SentPost> {
  let taken = 0;
  for await (const post of posts) {
    if (taken++ === count) return;
    yield post;
  }
}
