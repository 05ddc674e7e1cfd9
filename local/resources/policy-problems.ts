import { parsePolicy } from '../access/policy.ts';
import { isIntrinsic } from '../template/intrinsics.ts';

/** What the evaluator cannot do of a policy document whose references are not resolved yet. */
export function policyProblems(document: unknown, name: string): string[] {
  try {
    parsePolicy(withoutIntrinsics(document), name);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

function withoutIntrinsics(value: unknown): unknown {
  if (isIntrinsic(value)) return 'unresolved';
  if (Array.isArray(value)) return value.map(withoutIntrinsics);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutIntrinsics(one)]));
}
