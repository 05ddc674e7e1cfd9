import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'templates');
const MARKER = /@@(\w+)@@/g;

/**
 * Reads a mapping template and puts `values` in the place of its `@@name@@` markers. A value is VTL or JSON text: what it
 * holds must be safe there, which names of {@link Names} are.
 * @throws Error for a marker without a value, and for a value without a marker.
 */
export function mappingTemplate(file: string, values: Readonly<Record<string, string>> = {}): string {
  const used = new Set<string>();
  const text = readFileSync(join(FOLDER, file), 'utf8').replace(MARKER, (marker, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`Mapping template ${file} has ${marker}, but no value for it was given`);
    used.add(name);
    return value;
  });
  for (const name of Object.keys(values)) {
    if (!used.has(name)) throw new Error(`Mapping template ${file} has no @@${name}@@, but a value for it was given`);
  }
  return text;
}
