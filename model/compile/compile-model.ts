import { createHash } from 'node:crypto';
import { feeds } from '../feeds/index.ts';
import type { Feed, FeedName } from '../rules/rule.ts';
import { maxRowsPerRecord, maxUnwrapLevels } from '../unwrap.ts';
import { canonicalJson } from './canonical-json.ts';

/** What a job of another language needs in order to clean as this one does: plain JSON. */
export interface CompiledModel {
  /** SHA-256, in hex, of the rest as JSON with sorted keys and without spaces. */
  readonly hash: string;
  readonly unwrap: { readonly maxLevels: number; readonly maxRows: number };
  /** Each with its rules version, `rules`. */
  readonly feeds: Readonly<Record<FeedName, Feed>>;
}

export function compileModel(): CompiledModel {
  const model = { unwrap: { maxLevels: maxUnwrapLevels, maxRows: maxRowsPerRecord }, feeds };
  return { hash: createHash('sha256').update(canonicalJson(model)).digest('hex'), ...model };
}
