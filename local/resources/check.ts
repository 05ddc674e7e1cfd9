import { isIntrinsic } from '../template/intrinsics.ts';
import type { ResourceType } from './resource.ts';

/** The paths of properties that a type neither implements nor knows as inert, such as `Tags.0.Value`. */
export function undeclaredProperties(type: ResourceType, properties: unknown): string[] {
  const declared = [...type.implemented, ...Object.keys(type.inert)].map((path) => path.split('.'));
  return undeclared(properties, [], declared);
}

function undeclared(value: unknown, path: readonly string[], declared: readonly (readonly string[])[]): string[] {
  const matching = declared.filter((pattern) =>
    path.every((step, i) => pattern[i] === undefined || fits(pattern[i], step)),
  );
  if (path.length > 0 && matching.some((pattern) => pattern.length <= path.length)) return [];
  if (matching.length === 0 || typeof value !== 'object' || value === null || isIntrinsic(value)) {
    return path.length === 0 ? [] : [path.join('.')];
  }
  return Object.entries(value).flatMap(([key, one]) => undeclared(one, [...path, key], matching));
}

const fits = (pattern: string, step: string): boolean => pattern === '*' || pattern === step;
