import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The language-neutral cases of `test/vectors/<name>.json`. */
export const vectors = <T>(name: string): readonly T[] =>
  JSON.parse(readFileSync(join(import.meta.dirname, '..', 'vectors', `${name}.json`), 'utf8')) as T[];
