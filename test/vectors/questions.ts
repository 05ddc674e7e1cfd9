import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { feeds } from '../../model/feeds/index.ts';
import { type CleanFields, cleanRow } from '../../model/rules/clean-row.ts';
import type { FeedName } from '../../model/rules/rule.ts';

/** One row as a sender sends it. */
export interface Arrival {
  readonly feed: FeedName;
  readonly row: Readonly<Record<string, unknown>>;
}

export type AnswerRow = readonly (string | number)[];

export interface ExpectedAnswer {
  readonly columns: readonly string[];
  /** In no order. */
  readonly rows: readonly AnswerRow[];
}

interface QuestionVectors {
  readonly arrivals: readonly Arrival[];
  readonly refused: readonly { readonly feed: FeedName; readonly ind: number; readonly rule: string }[];
  readonly answers: Readonly<Record<string, ExpectedAnswer>>;
}

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, 'questions.json'), 'utf8')) as QuestionVectors;

/** What no question reads, so that a row looks like a sender's. */
const others: Readonly<Record<FeedName, (ind: unknown) => object>> = {
  pin: (ind) => ({
    unique_id: `00000000-0000-4000-8000-${String(ind).padStart(12, '0')}`,
    title: `Post ${ind}`,
    description: 'No description available',
    tag_list: 'one,two',
    is_image_or_video: 'image',
    image_src: 'https://i.example.com/a.jpg',
    downloaded: 1,
    save_location: 'Local save in /data/art',
  }),
  geo: () => ({ latitude: -89.9787, longitude: -173.293 }),
  user: () => ({}),
};

/** In the order in which they have to arrive: of a post's rows in a feed, the last one that no rule refuses counts. */
export const arrivals: readonly Arrival[] = vectors.arrivals.map(({ feed, row }) => ({
  feed,
  row: { ...row, ...others[feed](row[feeds[feed].key]) },
}));

/** The rows that a rule refuses. */
export const refused = vectors.refused;

/** By the name of the question (of its file, its named query, and behind `gold_`). */
export const expectedAnswers = vectors.answers;

/** The clean parts that count, by post. */
export function newestParts(): ReadonlyMap<number, Readonly<Partial<Record<FeedName, CleanFields>>>> {
  const posts = new Map<number, Partial<Record<FeedName, CleanFields>>>();
  for (const { feed, row } of arrivals) {
    const result = cleanRow(feeds[feed], row);
    if (result.ok) posts.set(result.ind, { ...posts.get(result.ind), [feed]: result.fields });
  }
  return posts;
}

/** Rows in one order, to be compared with each other. */
export const sortedRows = (rows: readonly AnswerRow[]): readonly AnswerRow[] =>
  rows.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));

/** Rows as an API gives them that has only texts. */
export const asTexts = (rows: readonly AnswerRow[]): readonly (readonly string[])[] =>
  rows.map((row) => row.map(String));
