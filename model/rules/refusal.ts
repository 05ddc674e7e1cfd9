/** Why a row is quarantined: the rule that failed, the raw column, and a sentence with the fix. */
export interface Refusal {
  readonly rule: RefusalRule;
  /** `null` where no single column is to blame. */
  readonly field: string | null;
  readonly reason: string;
}

export type RefusalRule =
  /** The record holds no row: no bytes, null, an empty text or an empty array. */
  | 'empty'
  /** The record is neither JSON nor base64 of JSON. */
  | 'unwrap'
  /** The record holds more rows than one record may. */
  | 'rows'
  /** The row is no object. */
  | 'object'
  /** The row is not of this feed. */
  | 'shape'
  /** Null or empty where a value must be. */
  | 'required'
  | 'text'
  | 'length'
  | 'count'
  | 'integer'
  | 'number'
  | 'range'
  | 'timestamp'
  /** The rules themselves failed: a fault of ours, kept with the row. */
  | 'internal';

const recordRules: readonly RefusalRule[] = ['empty', 'unwrap', 'rows'];

/** Whether a rule refuses a record as a whole, before it is known which rows it holds. */
export const refusesRecord = (rule: RefusalRule): boolean => recordRules.includes(rule);

/** Thrown inside the interpreter only; what leaves it is a `Refusal`. */
export class RefusedError extends Error {
  readonly refusal: Refusal;

  constructor(rule: RefusalRule, field: string | null, reason: string) {
    super(reason);
    this.name = 'RefusedError';
    this.refusal = { rule, field, reason };
  }
}

/** A value for a message: its JSON, cut to a length that a person reads. */
export function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  const json = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return json.length > 60 ? `${json.slice(0, 60).toWellFormed()}…` : json;
}
