import { parseJson, type Value, writeJson } from './json.ts';
import { followPath, parsePath } from './json-path.ts';
import type { MapValue } from './values.ts';

/** The body a template works on. JSON is read once, when it is first asked for. */
export class Payload {
  readonly text: string;
  #value: Value | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** An empty body counts as `{}`. @throws JsonSyntaxError */
  get value(): Value {
    this.#value ??= this.text.trim() === '' ? {} : parseJson(this.text);
    return this.#value;
  }
}

export interface Parameters {
  readonly path: Readonly<Record<string, string>>;
  readonly querystring: Readonly<Record<string, string>>;
  /** By their names as the client wrote them. */
  readonly header: Readonly<Record<string, string>>;
}

/** Where `$context` comes from, and where overrides go. */
export interface TemplateContext {
  /** @param name without `$context.`; null when it has no value in this request. */
  get(name: string): string | null;
  /** @throws Error when it was overridden before: overrides are final. */
  override(name: string, value: string): void;
}

/** What a template can see. */
export interface Scope {
  readonly payload: Payload;
  readonly parameters: Parameters;
  readonly context: TemplateContext;
  readonly stageVariables: Readonly<Record<string, string>>;
}

export interface RootFunction {
  /** How many arguments it takes, at least and at most. */
  readonly takes: readonly [number, number];
  call(scope: Scope, ...texts: string[]): Value;
  /** Checks a literal argument at deploy. */
  check?(text: string): void;
}

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html */
export const INPUT: Readonly<Record<string, RootFunction>> = {
  json: { takes: [1, 1], call: ({ payload }, path) => jsonAt(payload.value, path!), check: parsePath },
  path: { takes: [1, 1], call: ({ payload }, path) => followPath(payload.value, path!) ?? null, check: parsePath },
  params: {
    takes: [0, 1],
    call: ({ parameters }, name) => (name === undefined ? all(parameters) : one(parameters, name)),
  },
};

export const UTIL: Readonly<Record<string, RootFunction>> = {
  escapeJavaScript: { takes: [1, 1], call: (_, text) => escapeJavaScript(text!) },
  parseJson: { takes: [1, 1], call: (_, text) => parseJson(text!) },
  urlEncode: { takes: [1, 1], call: (_, text) => new URLSearchParams([['', text!]]).toString().slice(1) },
  urlDecode: { takes: [1, 1], call: (_, text) => decodeURIComponent(text!.replaceAll('+', ' ')) },
  base64Encode: { takes: [1, 1], call: (_, text) => Buffer.from(text!, 'utf8').toString('base64') },
  base64Decode: { takes: [1, 1], call: (_, text) => base64Decode(text!) },
};

/** A path that leads nowhere is an empty text, as API Gateway has it: a template cannot tell it from one in the body. */
function jsonAt(root: Value, path: string): string {
  const value = followPath(root, path);
  return value === undefined ? '""' : writeJson(value);
}

const all = ({ path, querystring, header }: Parameters): MapValue => ({ path, querystring, header });

/** A parameter that is not there is an empty text. */
function one({ path, querystring, header }: Parameters, name: string): string {
  const holder = [path, querystring, header].find((each) => Object.hasOwn(each, name));
  return holder?.[name] ?? '';
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\n': '\\n',
  '\t': '\\t',
  '\f': '\\f',
  '\r': '\\r',
  "'": "\\'",
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
};

/** As of Apache Commons Lang 2: ASCII only, single quotes and slashes escaped. */
const escapeJavaScript = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
  text.replace(/[\0-\x1f'"\\/\x80-\uffff]/g, (char) => {
    const code = char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    return SHORT_ESCAPES[char] ?? `\\u${code}`;
  });

function base64Decode(text: string): string {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.replace(/=+$/, '').length % 4 === 1) throw new Error('not Base64');
  return Buffer.from(text, 'base64').toString('utf8');
}
