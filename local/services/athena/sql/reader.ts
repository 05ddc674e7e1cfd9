/** A statement that this Athena does not read, or does not have. */
export class StatementError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StatementError';
  }
}

interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'symbol' | 'end';
  /** Without quotes; words as they are written. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const TOKEN = new RegExp(
  [
    /\s+|--[^\n]*|\/\*[\s\S]*?\*\//, // what separates
    /'((?:[^']|'')*)'/,
    /"((?:[^"]|"")*)"|`((?:[^`]|``)*)`/,
    /([\p{L}_@$][\p{L}\p{N}_@$]*|\d[\w.]*)/u,
    /([^\s\w])/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'uy',
);

/** Reads a statement word by word. Quoted text, comments and names never pass for words. */
export class SqlReader {
  readonly sql: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  /** A semicolon at the end is left out. @throws StatementError for a quote without its end */
  constructor(sql: string) {
    const tokens = [...tokensOf(sql)];
    if (tokens.at(-1)?.text === ';') tokens.pop();
    if (tokens.some(({ kind, text }) => kind === 'symbol' && text === ';')) {
      throw new StatementError('Only one sql statement is allowed.');
    }
    const end = tokens.at(-1)?.end ?? 0;
    this.sql = sql.slice(0, end);
    this.#tokens = [...tokens, { kind: 'end', text: '', start: end, end }];
  }

  get ended(): boolean {
    return this.#token.kind === 'end';
  }

  /** Whether these words come next, in any case. */
  sees(...words: readonly string[]): boolean {
    return words.every((word, i) => {
      const token = this.#tokens[this.#at + i];
      return (token?.kind === 'word' || token?.kind === 'symbol') && token.text.toUpperCase() === word;
    });
  }

  /** Passes these words if they come next. */
  accept(...words: readonly string[]): boolean {
    if (!this.sees(...words)) return false;
    this.#at += words.length;
    return true;
  }

  expect(...words: readonly string[]): void {
    if (!this.accept(...words)) throw this.unexpected(words.join(' '));
  }

  expectEnd(): void {
    if (!this.ended) throw this.unexpected('the end');
  }

  /** A name, in lower case as the catalog keeps it. */
  name(): string {
    const { kind, text } = this.#token;
    if (kind !== 'word' && kind !== 'name') throw this.unexpected('a name');
    this.#at += 1;
    return text.toLowerCase();
  }

  /** `name`, `database.name` or `AwsDataCatalog.database.name`. */
  tableName(database: string): TableName {
    const parts = [this.name()];
    while (this.accept('.')) parts.push(this.name());
    const [table, schema = database, catalog = 'awsdatacatalog'] = parts.reverse();
    if (catalog !== 'awsdatacatalog' || parts.length > 3) {
      throw new StatementError(`There is no catalog ${catalog}; there is AwsDataCatalog.`);
    }
    return { database: schema, table: table! };
  }

  text(): string {
    if (this.#token.kind !== 'string') throw this.unexpected('a text in quotes');
    const { text } = this.#token;
    this.#at += 1;
    return text;
  }

  word(): string {
    if (this.#token.kind !== 'word') throw this.unexpected('a word');
    const { text } = this.#token;
    this.#at += 1;
    return text;
  }

  /** What is left, as it is written. */
  rest(): string {
    const { start } = this.#token;
    this.#at = this.#tokens.length - 1;
    return this.sql.slice(start);
  }

  /** As it is written up to one of these words or symbols outside of all brackets, which is not passed. */
  until(...stops: readonly string[]): string {
    const first = this.#token;
    let last = first.start;
    for (let depth = 0; this.#token.kind !== 'end'; this.#at += 1) {
      if (depth === 0 && stops.some((stop) => this.sees(stop))) break;
      if (this.#token.kind === 'symbol') {
        if ('(<['.includes(this.#token.text)) depth += 1;
        if (')>]'.includes(this.#token.text)) depth -= 1;
      }
      last = this.#token.end;
    }
    return this.sql.slice(first.start, last);
  }

  /** `(item, item)` */
  list<T>(item: () => T): T[] {
    this.expect('(');
    const items = [item()];
    while (this.accept(',')) items.push(item());
    this.expect(')');
    return items;
  }

  unexpected(wanted: string): StatementError {
    const { text, start } = this.#token;
    const lines = this.sql.slice(0, start).split('\n');
    const found = this.ended ? 'the end' : `'${text}'`;
    return new StatementError(`line ${lines.length}:${lines.at(-1)!.length + 1}: ${wanted} is expected, not ${found}`);
  }

  /** With a text in place of each `?`. @throws StatementError when there are fewer or more of them */
  withParameters(values: readonly string[]): string {
    const places = this.#tokens.filter(({ kind, text }) => kind === 'symbol' && text === '?');
    if (places.length !== values.length) {
      throw new StatementError(`Incorrect number of parameters: expected ${places.length} but found ${values.length}`);
    }
    let at = 0;
    const parts = places.map(({ start, end }, i) => {
      const before = this.sql.slice(at, start);
      at = end;
      return `${before}(${values[i]})`;
    });
    return parts.join('') + this.sql.slice(at);
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }
}

export interface TableName {
  readonly database: string;
  readonly table: string;
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function* tokensOf(sql: string): Generator<Token> {
  for (let at = 0; at < sql.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(sql);
    const line = sql.slice(0, at).split('\n').length;
    if (match === null) throw new StatementError(`line ${line}: a character that no statement has`);
    const [all, string, name, backquoted, word, symbol] = match;
    const found = { start: at, end: at + all.length };
    if (string !== undefined) yield { ...found, kind: 'string', text: string.replaceAll("''", "'") };
    else if (name !== undefined) yield { ...found, kind: 'name', text: name.replaceAll('""', '"') };
    else if (backquoted !== undefined) yield { ...found, kind: 'name', text: backquoted.replaceAll('``', '`') };
    else if (word !== undefined) yield { ...found, kind: 'word', text: word };
    else if (symbol !== undefined) {
      if (/['"`]/.test(symbol)) throw new StatementError(`line ${line}: a quote ${symbol} has no end`);
      yield { ...found, kind: 'symbol', text: symbol };
    }
  }
}
