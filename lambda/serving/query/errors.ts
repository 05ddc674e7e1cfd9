/** The request cannot be answered as it stands: an HTTP status, the name of the error as the API's other errors have it, and what helps. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;
  readonly type: string;
  /** Further members of the body, such as the values that are allowed. */
  readonly more: Readonly<Record<string, unknown>>;

  constructor(status: number, type: string, message: string, more: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.type = type;
    this.more = more;
  }
}

/** 400: a parameter with a value it does not take. @param allowed values, or a text that tells which */
export const badParameter = (parameter: string, problem: string, allowed: readonly string[] | string): RequestError =>
  new RequestError(
    400,
    'ValidationException',
    `The parameter ${parameter} ${problem}: it takes ${typeof allowed === 'string' ? allowed : list(allowed)}.`,
    { parameter, allowed },
  );

/** 404, with the names there are. */
export const unknownName = (kind: string, name: string, names: readonly string[]): RequestError =>
  new RequestError(404, 'NotFoundException', `There is no ${kind} ${name}; there are ${list(names)}.`, { names });

/** 410: a cursor whose rows are gone. */
export const goneCursor = (): RequestError =>
  new RequestError(410, 'ExpiredCursorException', 'What this cursor pages through is gone: begin without one.', {
    parameter: 'cursor',
  });

/** 422: more than is read for one answer. @param more members of the body that help to ask for less */
export const overBudget = (message: string, more: Readonly<Record<string, unknown>> = {}): RequestError =>
  new RequestError(422, 'OverBudgetException', message, more);

/** 503: no layer has an answer yet, or is within reach. */
export const unavailable = (message: string): RequestError =>
  new RequestError(503, 'ServiceUnavailableException', message);

const list = (texts: readonly string[]): string => (texts.length === 0 ? 'nothing' : texts.join(', '));
