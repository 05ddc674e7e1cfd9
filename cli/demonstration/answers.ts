import { setTimeout as sleep } from 'node:timers/promises';
import type { Question } from '../../model/questions/question.ts';
import { concurrently } from '../concurrently.ts';
import { authorized, type DoorAuth } from '../door-auth.ts';
import { httpDoor, type Send } from '../emulator/door.ts';

/** The query API of a deployment. */
export interface Api {
  /** The invoke URL with its stage. */
  readonly url: string;
  readonly auth: DoorAuth;
}

/** What the API answers to a question: every page of it, and what it says of itself. */
export interface ServedAnswer {
  readonly question: Question;
  readonly layer: string;
  readonly doors: readonly string[];
  /** ISO 8601. */
  readonly asOf: string;
  readonly watermark: string | null;
  /** Of the batch layer. */
  readonly run?: string;
  readonly notes: readonly { readonly message: string }[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** The API did not answer a question; the message is what it said. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}

/** The live layer, or a run of the batch layer. */
export type AskedLayer = { readonly layer: 'live' } | { readonly layer: 'batch'; readonly run: string };

const concurrentQuestions = 4;
/** For how long the API may still answer from the run before. */
const movedWithinMs = 60_000;
const againMs = 300;

/** Asks the deployed API. @throws AnswerError */
export async function askQuestions(
  { url, auth }: Api,
  questions: readonly Question[],
  asked: AskedLayer,
): Promise<readonly ServedAnswer[]> {
  const door = httpDoor({ keepAlive: true });
  const send = authorized(door, auth);
  try {
    return await concurrently(questions, concurrentQuestions, async (question) => {
      for (const until = Date.now() + movedWithinMs; ; await sleep(againMs)) {
        const answer = await askQuestion(send, url, question, asked.layer);
        if (asked.layer === 'live' || answer.run === asked.run) return answer;
        if (Date.now() > until) {
          throw new AnswerError(`${question.name} is answered from the run ${answer.run}, not from ${asked.run}.`);
        }
      }
    });
  } finally {
    door.close();
  }
}

type Row = Readonly<Record<string, string | number | null>>;
type Page = Omit<ServedAnswer, 'question' | 'rows'> & { readonly rows: readonly Row[]; readonly next?: string };

async function askQuestion(send: Send, base: string, question: Question, layer: string): Promise<ServedAnswer> {
  const rows: ServedAnswer['rows'][number][] = [];
  for (let cursor: string | undefined; ; ) {
    const url = new URL(`${base}/questions/${question.name}`);
    url.searchParams.set('layer', layer);
    if (cursor !== undefined) url.searchParams.set('cursor', cursor);
    const { status, body, error } = await send('GET', url, '', {});
    if (status !== 200) throw new AnswerError(`${question.name} is not answered: ${error ?? `${status} ${body}`}`);
    const { next, rows: page, ...about } = JSON.parse(body) as Page;
    rows.push(...page.map((row) => about.columns.map((name) => row[name] ?? null)));
    if (next === undefined) return { ...about, question, rows };
    cursor = next;
  }
}

/** What two answers to one question do not agree on, as a sentence; undefined: they are the same, row for row. */
export function difference(live: ServedAnswer, batch: ServedAnswer): string | undefined {
  const [ours, theirs] = [live, batch].map(({ rows }) => rows.map((row) => JSON.stringify(row))) as [
    string[],
    string[],
  ];
  if (JSON.stringify([live.columns, ours]) === JSON.stringify([batch.columns, theirs])) return undefined;
  const parts = [only('live', ours, theirs), only('of the batch layer', theirs, ours)].filter((part) => part !== '');
  return `${live.question.name} differs: ${parts.join('; ') || 'the same rows in another order'}.`;
}

function only(whose: string, rows: readonly string[], others: readonly string[]): string {
  const own = rows.filter((row) => !others.includes(row));
  if (own.length === 0) return '';
  return `${own.length} ${own.length === 1 ? 'row is' : 'rows are'} only ${whose}, ${own.slice(0, 3).join(' ')}`;
}
