/** Where a value stands in a JSON text, from its first character to behind its last. */
export type Span = readonly [start: number, end: number];

/**
 * The members of the object that begins at `at`, by name; of two with one name the last counts, as in `JSON.parse`.
 * @param text JSON that was parsed before: nothing is checked
 */
export function members(text: string, at: number): ReadonlyMap<string, Span> {
  const found = new Map<string, Span>();
  for (let next = tokenAt(text, at + 1); text[next] !== '}'; ) {
    if (text[next] === ',') next = tokenAt(text, next + 1);
    const nameEnd = valueEnd(text, next);
    const name = JSON.parse(text.slice(next, nameEnd)) as string;
    const start = tokenAt(text, tokenAt(text, nameEnd) + 1);
    const end = valueEnd(text, start);
    found.set(name, [start, end]);
    next = tokenAt(text, end);
  }
  return found;
}

/** The elements of the array that begins at `at`, in a text that was parsed before. */
export function elements(text: string, at: number): readonly Span[] {
  const found: Span[] = [];
  for (let next = tokenAt(text, at + 1); text[next] !== ']'; ) {
    if (text[next] === ',') next = tokenAt(text, next + 1);
    const end = valueEnd(text, next);
    found.push([next, end]);
    next = tokenAt(text, end);
  }
  return found;
}

/** The next character that is no white space. */
export function tokenAt(text: string, at: number): number {
  let next = at;
  while (next < text.length && ' \n\r\t'.includes(text[next]!)) next++;
  return next;
}

function valueEnd(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return stringEnd(text, start);
  let next = start;
  if (first !== '{' && first !== '[') {
    while (next < text.length && !',]} \n\r\t'.includes(text[next]!)) next++;
    return next;
  }
  let depth = 0;
  do {
    const character = text[next];
    if (character === '"') {
      next = stringEnd(text, next);
      continue;
    }
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    next++;
  } while (depth > 0);
  return next;
}

function stringEnd(text: string, start: number): number {
  let next = start + 1;
  while (text[next] !== '"') next += text[next] === '\\' ? 2 : 1;
  return next + 1;
}
