import { layers, notes } from './query-api.ts';

const text = { type: 'string' };
const texts = { type: 'array', items: text };
const moment = { type: 'string', format: 'date-time' };

/** JSON Schema of a page of a metric or of an answer. */
export const answerSchema = {
  type: 'object',
  required: ['name', 'describe', 'layer', 'doors', 'asOf', 'watermark', 'freshness', 'notes', 'columns', 'rows'],
  properties: {
    name: text,
    describe: text,
    layer: { type: 'string', enum: layers },
    doors: { type: 'array', items: { type: 'string', enum: ['streams', 'topics'] } },
    asOf: { ...moment, description: 'When these numbers were what the layer held' },
    watermark: { type: ['string', 'null'], format: 'date-time', description: 'What arrived up to it is counted' },
    freshness: { type: ['number', 'null'], description: 'Seconds from the watermark to now' },
    run: { type: 'string', description: 'Of the batch layer' },
    notes: {
      type: 'array',
      items: {
        type: 'object',
        required: ['code', 'message'],
        properties: { code: { type: 'string', enum: Object.keys(notes) }, message: text },
      },
    },
    columns: texts,
    rows: {
      type: 'array',
      items: {
        type: 'object',
        description: 'By column. Whole numbers beyond 2^53 are texts.',
        additionalProperties: { type: ['string', 'number', 'null'] },
      },
    },
    next: { type: 'string', description: 'The parameter cursor of the next page; none on the last' },
  },
} as const;

/** JSON Schema of what there is to ask for. */
export const listSchema = (name: 'metrics' | 'questions') =>
  ({
    type: 'object',
    required: [name],
    properties: {
      [name]: {
        type: 'array',
        items: {
          type: 'object',
          required: ['name', 'describe', 'dimensions', 'columns', 'live'],
          properties: {
            name: text,
            describe: text,
            dimensions: { ...texts, description: 'What `by` and `where` take' },
            columns: texts,
            live: {
              type: 'string',
              enum: ['exact', 'inexact', 'building'],
              description: 'Whether live answers are exact, miss a change, or are not there yet',
            },
          },
        },
      },
    },
  }) as const;
