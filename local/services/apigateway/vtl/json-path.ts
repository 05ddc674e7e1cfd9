import type { Value } from './json.ts';
import { isMap } from './values.ts';

export class JsonPathError extends Error {
  constructor(path: string) {
    super(`JSONPath ${JSON.stringify(path)} is not one this runtime knows: $ with .name, ['name'] and [index] only`);
    this.name = 'JsonPathError';
  }
}

const WHOLE = /^\$(?:\.[\p{L}\p{N}_-]+|\['(?:[^'\\])+'\]|\["(?:[^"\\])+"\]|\[\d+\])*$/u;
const STEP = /\.([\p{L}\p{N}_-]+)|\['([^']+)'\]|\["([^"]+)"\]|\[(\d+)\]/gu;

/** @throws JsonPathError */
export function parsePath(path: string): readonly (string | number)[] {
  if (!WHOLE.test(path)) throw new JsonPathError(path);
  return Array.from(path.matchAll(STEP), ([, name, single, double, index]) =>
    index === undefined ? (name ?? single ?? double)! : Number(index),
  );
}

/** @returns undefined where the path leads nowhere. */
export function followPath(root: Value, path: string): Value | undefined {
  let value: Value | undefined = root;
  for (const step of parsePath(path)) {
    if (typeof step === 'number') value = Array.isArray(value) ? value[step] : undefined;
    else value = isMap(value) && Object.hasOwn(value, step) ? value[step] : undefined;
    if (value === undefined) return undefined;
  }
  return value;
}
