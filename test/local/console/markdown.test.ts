import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { projectDir } from '../../../setup/paths.mjs';

type Drawn = string | null | readonly Drawn[] | { readonly type: string; readonly children: readonly Drawn[] };

const htm = require('htm') as { bind<T>(element: T): unknown };
// The page's own library is for browsers.
jest.doMock('../../../console/vendor/ui.js', () => ({
  html: htm.bind((type: string, _: unknown, ...children: Drawn[]): Drawn => ({ type, children })),
}));
const { markdown } = require('../../../console/lib/markdown.js') as { markdown(text: string): Drawn };

const articles = join(projectDir, 'docs', 'runbooks');

/** The texts of the elements of a type; of all there is, where none is named. */
function textsIn(drawn: Drawn, type?: string): string[] {
  if (drawn === null) return [];
  if (typeof drawn === 'string') return type === undefined ? [drawn] : [];
  if (!('type' in drawn)) return drawn.flatMap((one) => textsIn(one, type));
  return drawn.type === type ? [textsIn(drawn.children).join('')] : textsIn(drawn.children, type);
}

test.each(readdirSync(articles))('the code of %s is shown as it is to be typed', (file) => {
  const text = readFileSync(join(articles, file), 'utf8');
  const drawn = markdown(text);
  const codes = [...text.matchAll(/^( *)```.*\n((?:.*\n)*?) *```$/gm)].map(([, indent, code]) =>
    code!.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trimEnd(),
  );
  expect(textsIn(drawn, 'pre')).toEqual(codes);
  expect(textsIn(drawn).join('')).not.toContain('```');
});

test('what is indented belongs to its item, and a list goes on behind it', () => {
  const drawn = markdown('1. One\n\n   ```sh\n   a \\\n     b\n   ```\n\n2. Two `c`\n   and more\n\n- other\n\nText');
  expect(textsIn(drawn, 'ol')).toEqual(['Onea \\\n  bTwo c and more']);
  expect(textsIn(drawn, 'li')).toEqual(['Onea \\\n  b', 'Two c and more', 'other']);
  expect(textsIn(drawn, 'p')).toEqual(['Text']);
});
