import { type Feed, type SourceRule, sources } from '../../../model/rules/rule.ts';
import { RefusedError } from './answers.ts';
import { isObject, parsedBody } from './produce-request.ts';

/** One thing that is wrong with a row, in FastAPI's words. */
export interface Detail {
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly type: string;
}

export type FeedRequest =
  | { readonly ok: true; readonly text: string; readonly row: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly detail: readonly Detail[] };

type Wanted = 'integer' | 'float' | 'str';

/** What every row of the oldest form has. `poster_name` may be missing, and so may columns that a feed has got since. */
const sent: ReadonlySet<string> = new Set([
  ...['index', 'unique_id', 'title', 'description', 'follower_count', 'tag_list', 'is_image_or_video', 'image_src'],
  ...['downloaded', 'save_location', 'category'],
  ...['ind', 'country', 'latitude', 'longitude', 'timestamp', 'first_name', 'last_name', 'age', 'date_joined'],
]);
const notJson: Detail = { loc: ['body'], msg: 'Expecting a JSON document in UTF-8', type: 'value_error.jsondecode' };
const notObject: Detail = { loc: ['body'], msg: 'value is not a valid dict', type: 'type_error.dict' };

/**
 * Reads the bare row of `POST /pin/` as the FastAPI server of the first emulators did: every column of theirs must be
 * there and of its type or convertible to it, further ones are ignored.
 * @returns the body's text, which is stored, and the row with its declared columns, which is the answer
 */
export function readFeedRequest(feed: Feed, body: Uint8Array): FeedRequest {
  let parsed: ReturnType<typeof parsedBody>;
  try {
    parsed = parsedBody(body);
  } catch (error) {
    if (error instanceof RefusedError) return { ok: false, detail: [notJson] };
    throw error;
  }
  const { text, value } = parsed;
  if (!isObject(value)) return { ok: false, detail: [notObject] };
  const detail: Detail[] = [];
  const row: Record<string, unknown> = {};
  for (const [name, wanted] of columnsOf(feed)) {
    if (!Object.hasOwn(value, name)) {
      if (sent.has(name)) detail.push(about(name, 'field required', 'value_error.missing'));
      continue;
    }
    const read = converted(value[name], wanted);
    if (typeof read === 'object') detail.push(about(name, read.msg, read.type));
    else row[name] = read;
  }
  return detail.length > 0 ? { ok: false, detail } : { ok: true, text, row };
}

const about = (name: string, msg: string, type: string): Detail => ({ loc: ['body', name], msg, type });

function columnsOf(feed: Feed): readonly (readonly [string, Wanted])[] {
  const rules = feed.columns.flatMap(({ rule }) => sources(rule));
  return [[feed.key, 'integer'], ...rules.map((rule) => [rule.from, wantedBy(rule)] as const)];
}

function wantedBy({ kind }: SourceRule): Wanted {
  if (kind === 'integer') return 'integer';
  return kind === 'number' ? 'float' : 'str';
}

const wrong: Readonly<Record<Wanted, Pick<Detail, 'msg' | 'type'>>> = {
  integer: { msg: 'value is not a valid integer', type: 'type_error.integer' },
  float: { msg: 'value is not a valid float', type: 'type_error.float' },
  str: { msg: 'str type expected', type: 'type_error.str' },
};

/** https://docs.pydantic.dev/1.10/usage/types/ */
function converted(value: unknown, wanted: Wanted): string | number | Pick<Detail, 'msg' | 'type'> {
  if (value === null) return { msg: 'none is not an allowed value', type: 'type_error.none.not_allowed' };
  if (wanted === 'str') return typeof value === 'string' || typeof value === 'number' ? String(value) : wrong.str;
  const text = typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';
  const pattern = wanted === 'integer' ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  return pattern.test(text) ? Number(text) : wrong[wanted];
}
