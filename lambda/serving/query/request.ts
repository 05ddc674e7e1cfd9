import { maxTextBytes } from '../../../model/compile/keys.ts';
import type { Question } from '../../../model/questions/question.ts';
import {
  defaultLimit,
  type Format,
  formats,
  type Layer,
  layers,
  mostRows,
  type ParameterName,
  routes,
} from '../../../model/serving/query-api.ts';
import { type Cursor, readCursor } from './cursor.ts';
import { badParameter, RequestError, unknownName } from './errors.ts';

/** What can be asked for by its name. */
export interface Servable {
  readonly kind: 'metric' | 'question';
  readonly name: string;
  /** Hash of what it answers; see `ServedIndex`. */
  readonly definition: string;
  /** What it shows. */
  readonly question: Question;
  /** Names of the dimensions that a request may choose from: those of a metric. */
  readonly dimensions: readonly string[];
}

export type Catalog = Readonly<Record<'metrics' | 'questions', ReadonlyMap<string, Servable>>>;

/** Parts of an HTTP request, decoded. */
export interface HttpRequest {
  readonly method: string;
  /** Below the stage: `['metrics', 'posts-by-country']`. */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, readonly string[]>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface ListRequest {
  readonly list: 'metrics' | 'questions';
  readonly format: Format;
}

export interface RowsRequest {
  readonly of: Servable;
  readonly layer: Layer;
  /** Dimensions of the answer's rows; all of them unless the request says otherwise. */
  readonly by: readonly string[];
  /** Values by dimension: a row has one of each. */
  readonly where: ReadonlyMap<string, ReadonlySet<string>>;
  readonly format: Format;
  readonly limit: number;
  readonly cursor: Cursor | undefined;
}

/** @throws RequestError which names the parameter and the values it takes, or the names there are */
export function readRequest(request: HttpRequest, catalog: Catalog): ListRequest | RowsRequest {
  const [root, name, ...rest] = request.path;
  if ((root !== 'metrics' && root !== 'questions') || rest.length > 0) {
    throw new RequestError('unknownName', `There is no /${request.path.join('/')}: use /metrics or /questions.`);
  }
  if (name === undefined) {
    checkNames(request, routes[`/${root}`].parameters);
    return { list: root, format: readFormat(request) };
  }
  const of = catalog[root].get(name);
  if (of === undefined) throw notFound(root, name, catalog);
  if (of.kind === 'question') checkIsForQuestions(request, of);
  checkNames(
    request,
    routes[of.kind === 'metric' ? '/metrics/{metric-name}' : '/questions/{question-name}'].parameters,
  );
  const asked = {
    of,
    layer: oneOf('layer', one(request, 'layer') ?? 'live', layers),
    by: readBy(request, of),
    where: readWhere(request, of),
    format: readFormat(request),
    limit: readLimit(request),
  };
  const cursor = one(request, 'cursor');
  return { ...asked, cursor: cursor === undefined ? undefined : readCursor(cursor, asked) };
}

/** With the path of one that differs in its case, its hyphens or its kind only. */
function notFound(root: 'metrics' | 'questions', name: string, catalog: Catalog): RequestError {
  const plain = (text: string) => text.toLowerCase().replaceAll('_', '-');
  const paths = (['metrics', 'questions'] as const).flatMap((kind) =>
    [...catalog[kind].keys()].filter((each) => plain(each) === plain(name)).map((each) => `/${kind}/${each}`),
  );
  return unknownName(root.slice(0, -1), name, [...catalog[root].keys()], paths[0]);
}

/** What a metric takes is often asked of a question. */
function checkIsForQuestions({ query }: HttpRequest, { name, question: { metric } }: Servable): void {
  const parameter = (['by', 'where'] as const).find((each) => each in query);
  if (parameter === undefined || metric.by.length === 0) return;
  const message = `There is no parameter ${parameter} here, because ${name} is shown as it is; /metrics/${metric.name} takes it.`;
  const allowed = routes['/questions/{question-name}'].parameters;
  throw new RequestError('badParameter', message, { parameter, allowed });
}

function checkNames({ query }: HttpRequest, known: readonly ParameterName[]): void {
  const unknown = Object.keys(query).find((name) => !known.some((each) => each === name));
  if (unknown === undefined) return;
  const message = `There is no parameter ${unknown} here; there are ${known.join(', ')}.`;
  throw new RequestError('badParameter', message, { parameter: unknown, allowed: known });
}

/** Of a parameter that is given twice, the last counts. */
const one = ({ query }: HttpRequest, name: ParameterName): string | undefined => query[name]?.at(-1);

function oneOf<T extends string>(parameter: ParameterName, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw badParameter(parameter, `is ${JSON.stringify(value)}`, allowed);
  return found;
}

/** The parameter, else the first type of `Accept` that is one of ours, else JSON: no caller is left without an answer. */
function readFormat(request: HttpRequest): Format {
  const given = one(request, 'format');
  if (given !== undefined) return oneOf('format', given, formats);
  const types = (request.headers['accept'] ?? '').split(',').map((type) => type.split(';')[0]!.trim().toLowerCase());
  return types.find((type) => type === 'text/csv' || type === 'application/json') === 'text/csv' ? 'csv' : 'json';
}

/** `by=country,category`, or `by` several times; `by=` is one row of everything. */
function readBy({ query }: HttpRequest, of: Servable): readonly string[] {
  const given = query['by'];
  if (given === undefined) return of.dimensions;
  const wanted = new Set(given.flatMap((text) => text.split(',')).filter((name) => name !== ''));
  if (wanted.size > 0) checkHasDimensions('by', of);
  for (const name of wanted) oneOf('by', name, of.dimensions);
  return of.dimensions.filter((dimension) => wanted.has(dimension));
}

function checkHasDimensions(parameter: ParameterName, { name, dimensions }: Servable): void {
  if (dimensions.length > 0) return;
  const message = `The parameter ${parameter} is for dimensions, of which ${name} has none: leave it out.`;
  throw new RequestError('badParameter', message, { parameter, allowed: [] });
}

/** `where=country:Albania`, once a value; values of one dimension are alternatives. */
function readWhere({ query }: HttpRequest, of: Servable): ReadonlyMap<string, ReadonlySet<string>> {
  const where = new Map<string, Set<string>>();
  for (const text of query['where'] ?? []) {
    checkHasDimensions('where', of);
    const colon = text.indexOf(':');
    const dimension = text.slice(0, Math.max(0, colon));
    if (!of.dimensions.includes(dimension)) {
      const allowed = of.dimensions.map((each) => `${each}:<value>`);
      throw badParameter('where', `is ${JSON.stringify(text)}`, allowed);
    }
    const value = text.slice(colon + 1);
    if (Buffer.byteLength(value) > maxTextBytes) {
      throw badParameter('where', `has a value of more than ${maxTextBytes} bytes`, 'a value as the answers show it');
    }
    where.set(dimension, (where.get(dimension) ?? new Set()).add(value));
  }
  return where;
}

function readLimit(request: HttpRequest): number {
  const text = one(request, 'limit');
  if (text === undefined) return defaultLimit;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > mostRows) {
    throw badParameter('limit', `is ${JSON.stringify(text)}`, `a whole number from 1 to ${mostRows}`);
  }
  return limit;
}
