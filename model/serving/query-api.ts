/**
 * The routes that answer, once for all who need to know: the function behind them, the template of the API, its OpenAPI
 * document, and a test that holds docs/serving.md against them.
 */

export const layers = ['live', 'batch'] as const;
export type Layer = (typeof layers)[number];

export const formats = ['json', 'csv'] as const;
export type Format = (typeof formats)[number];

export const defaultLimit = 1_000;
/** Keeps an answer well below the 6 MB of Lambda. */
export const mostRows = 10_000;

interface Parameter {
  readonly describe: string;
  /** JSON Schema. A list is the parameter several times. */
  readonly schema: object;
}

const texts = { type: 'array', items: { type: 'string' } };

export const parameters = {
  by: {
    describe:
      'Dimensions of the metric, with commas or several times; all of them unless told otherwise. `by=` is one row of everything.',
    schema: texts,
  },
  where: {
    describe: '`dimension:value`. Values of one dimension are alternatives. What is not known is the value `unknown`.',
    schema: texts,
  },
  layer: {
    describe:
      'The layer to answer from. The batch layer also answers for the live one, where that cannot, with a note.',
    schema: { type: 'string', enum: layers, default: 'live' },
  },
  limit: {
    describe: 'Rows of a page.',
    schema: { type: 'integer', minimum: 1, maximum: mostRows, default: defaultLimit },
  },
  cursor: {
    describe: '`next` of the page before, with the same `by`, `where` and `layer`.',
    schema: { type: 'string' },
  },
  format: {
    describe: 'Before the header Accept, of which the first type counts that is one of these.',
    schema: { type: 'string', enum: formats, default: 'json' },
  },
} as const satisfies Readonly<Record<string, Parameter>>;
export type ParameterName = keyof typeof parameters;

/** What can go wrong, as the body says: `{"message", "__type"}` and the members that help. */
export const errors = {
  badParameter: {
    status: 400,
    type: 'ValidationException',
    members: ['parameter', 'allowed'],
    describe: 'A parameter that the route does not have, or a value that it does not take',
  },
  unknownName: {
    status: 404,
    type: 'NotFoundException',
    members: ['names'],
    describe: 'No metric or question has the name',
  },
  goneCursor: {
    status: 410,
    type: 'ExpiredCursorException',
    members: ['parameter'],
    describe: 'The rows that the cursor pages through are gone: begin without it',
  },
  overBudget: {
    status: 422,
    type: 'OverBudgetException',
    members: ['parameter', 'allowed'],
    describe: 'More than is read for one answer: narrow it with `where`, or ask Athena',
  },
  unavailable: {
    status: 503,
    type: 'ServiceUnavailableException',
    members: [],
    describe: 'No layer has the answer, for now: the message says what gives it one',
  },
} as const satisfies Readonly<
  Record<string, { status: number; type: string; members: readonly string[]; describe: string }>
>;
export type ErrorName = keyof typeof errors;

interface Route {
  readonly parameters: readonly ParameterName[];
  readonly errors: readonly ErrorName[];
}

const list: Route = { parameters: ['format'], errors: ['badParameter', 'unavailable'] };
const question: Route = {
  parameters: ['layer', 'limit', 'cursor', 'format'],
  errors: ['badParameter', 'unknownName', 'goneCursor', 'overBudget', 'unavailable'],
};
const metric: Route = { ...question, parameters: ['by', 'where', ...question.parameters] };

/** All by GET, by their paths below the stage. */
export const routes = {
  '/metrics': list,
  '/metrics/{metric-name}': metric,
  '/questions': list,
  '/questions/{question-name}': question,
} as const satisfies Readonly<Record<string, Route>>;
export type RoutePath = keyof typeof routes;

/** Headers of an answer with rows, which pages of other origins may read as well. */
export const answerHeaders = {
  'Pinflow-Layer': 'The layer that it comes from',
  'Pinflow-Doors': 'Whose rows it counts: streams, topics',
  'Pinflow-As-Of': 'When these numbers were what the layer held, ISO 8601',
  'Pinflow-Watermark': 'What arrived up to it is counted; of the live layer, the latest change that is. ISO 8601',
  'Pinflow-Freshness': 'Seconds from the watermark to now',
  'Pinflow-Notes': 'Codes of the notes, with commas',
  Link: 'To the next page, if there are more rows',
  ETag: 'Weak: it changes with the numbers, not with the times. If-None-Match gives 304 while they are the same',
} as const;
export type AnswerHeader = keyof typeof answerHeaders;

/** Why an answer is not simply the live one, whole and exact. */
export const notes = {
  fromBatch: 'why the live layer does not answer',
  inexact: 'a change could not be read or was given up, and is missing until `npm run rebuild`',
  partOfDoors: 'topics are in the batch layer only',
} as const;
export type NoteCode = keyof typeof notes;
