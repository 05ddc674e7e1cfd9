import { readFile } from 'node:fs/promises';
import { extname, join, resolve, sep } from 'node:path';
import { build, stop } from 'esbuild';
import type { Content } from './http.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** What `index.html` has in places of these names. */
export interface PageValues {
  readonly token: string;
  readonly nonce: string;
}

/**
 * The files of the page. Modules in `vendor/` are bundled with the libraries they import when they are first asked for,
 * so that a browser needs neither a build nor another host.
 */
export class PageFiles {
  readonly #directory: string;
  readonly #bundles = new Map<string, Promise<Buffer>>();

  /** @param directory with `index.html` */
  constructor(directory: string) {
    this.#directory = resolve(directory);
  }

  /** The page itself, with what the server gives to it. */
  async index(values: PageValues): Promise<Content> {
    const html = await readFile(join(this.#directory, 'index.html'), 'utf8');
    const filled = html.replace(/\{\{(token|nonce)\}\}/g, (_, name: keyof PageValues) => values[name]);
    return { type: TYPES['.html']!, bytes: Buffer.from(filled) };
  }

  /** @param path such as `/views/flow.js` @returns undefined when there is no such file */
  async find(path: string): Promise<Content | undefined> {
    const file = resolve(join(this.#directory, path));
    const type = TYPES[extname(file)];
    if (!file.startsWith(this.#directory + sep) || type === undefined) return undefined;
    try {
      const bytes = path.startsWith('/vendor/') ? await this.#bundle(file) : await readFile(file);
      return { type, bytes };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  #bundle(file: string): Promise<Buffer> {
    const known = this.#bundles.get(file);
    if (known !== undefined) return known;
    const made = bundled(file);
    this.#bundles.set(file, made);
    made.catch(() => this.#bundles.delete(file));
    return made;
  }

  /** Makes the bundle that every view needs, so that the first page need not wait for it. */
  warmUp(): void {
    this.#bundle(join(this.#directory, 'vendor', 'ui.js')).catch(() => {});
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#bundles.values());
    if (this.#bundles.size > 0) await stop();
  }
}

async function bundled(file: string): Promise<Buffer> {
  await readFile(file);
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    write: false,
    logLevel: 'silent',
  });
  return Buffer.from(outputFiles[0]!.contents);
}
