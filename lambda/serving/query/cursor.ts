import { createHash } from 'node:crypto';
import type { Layer } from '../../../model/serving/query-api.ts';
import { badParameter, goneCursor } from './errors.ts';
import type { RowsRequest } from './request.ts';

/** Where the next page of an answer begins. */
export interface Cursor {
  readonly layer: Layer;
  /** Of the batch layer: the run whose rows are paged through, so that a new run cannot shift them. */
  readonly run?: string;
  /** Rows before it. */
  readonly skip: number;
}

type Question = Pick<RowsRequest, 'of' | 'layer' | 'by' | 'where'>;

/** Opaque to callers: it holds for the request that it came from, and for the definition that its rows are by. */
export const cursorText = (cursor: Cursor, question: Question): string =>
  Buffer.from(
    JSON.stringify([digest(question), question.of.definition, cursor.layer, cursor.run ?? '', cursor.skip]),
  ).toString('base64url');

/** @throws RequestError */
export function readCursor(text: string, question: Question): Cursor {
  const [of, definition, layer, run, skip, ...others] = parts(text);
  const isOurs =
    others.length === 0 &&
    (layer === 'live' || layer === 'batch') &&
    typeof run === 'string' &&
    /^[\w.-]{0,80}$/.test(run) &&
    Number.isSafeInteger(skip) &&
    Number(skip) >= 0;
  if (!isOurs) throw badParameter('cursor', 'is none of ours', 'the cursor of an answer');
  if (of !== digest(question)) {
    throw badParameter(
      'cursor',
      'comes from another request',
      'the cursor of an answer to the same by, where and layer',
    );
  }
  if (definition !== question.of.definition) throw goneCursor();
  return { layer, ...(run !== '' && { run }), skip: Number(skip) };
}

function parts(text: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

function digest({ of, layer, by, where }: Question): string {
  const values = [...where].map(([dimension, set]) => [dimension, [...set].sort()]).sort();
  const text = JSON.stringify([of.kind, of.name, layer, by, values]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}
