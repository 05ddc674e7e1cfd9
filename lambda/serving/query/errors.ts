import { type ErrorName, errors } from '../../../model/serving/query-api.ts';

/** The request cannot be answered as it stands: a message that helps, and further members of the body. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;
  /** As the API's other errors have it. */
  readonly type: string;
  readonly more: Readonly<Record<string, unknown>>;

  constructor(error: ErrorName, message: string, more: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = errors[error].status;
    this.type = errors[error].type;
    this.more = more;
  }
}

/** A parameter with a value it does not take. @param allowed values, or a text that tells which */
export const badParameter = (parameter: string, problem: string, allowed: readonly string[] | string): RequestError => {
  const takes = typeof allowed === 'string' ? allowed : list(allowed);
  return new RequestError('badParameter', `The parameter ${parameter} ${problem}: it takes ${takes}.`, {
    parameter,
    allowed,
  });
};

/** With the names there are. @param meant the path that comes near, if one does */
export const unknownName = (kind: string, name: string, names: readonly string[], meant?: string): RequestError => {
  const near = meant === undefined ? '' : ` Do you mean ${meant}?`;
  return new RequestError('unknownName', `There is no ${kind} ${name}; there are ${list(names)}.${near}`, { names });
};

export const goneCursor = (): RequestError =>
  new RequestError('goneCursor', 'What this cursor pages through is gone: begin without one.', { parameter: 'cursor' });

/** @param more members of the body that help to ask for less */
export const overBudget = (message: string, more: Readonly<Record<string, unknown>> = {}): RequestError =>
  new RequestError('overBudget', message, more);

export const unavailable = (message: string): RequestError => new RequestError('unavailable', message);

const list = (texts: readonly string[]): string => (texts.length === 0 ? 'nothing' : texts.join(', '));
