/**
 * What a run leaves of its answers for the serving function, in the curated bucket: per metric and question an index and
 * pages of rows, `serving/{run}/{metrics|questions}/{name}/{index|000000}.json`. The index is written last.
 */
export const SERVED_PREFIX = 'serving/';

export type ServedKind = 'metrics' | 'questions';

export interface Served {
  readonly run: string;
  readonly kind: ServedKind;
  readonly name: string;
}

export interface ServedIndex {
  /** `definitionHash` of the metric, or `questionHash` of the question, that the run computed. */
  readonly definition: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** Of every page but the last. */
  readonly pageRows: number;
  /** Epoch ms. */
  readonly watermark: number;
  /** Epoch ms at which the run's rows were copied. */
  readonly writtenAt: number;
}

/** Integers beyond 2^53 are texts. */
export interface ServedPage {
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** Of a page; some 100 KB. */
export const PAGE_ROWS = 1_000;

export const servedIndexKey = (served: Served): string => `${folder(served)}/index.json`;

export const servedPageKey = (served: Served, page: number): string =>
  `${folder(served)}/${String(page).padStart(6, '0')}.json`;

const folder = ({ run, kind, name }: Served): string => `${SERVED_PREFIX}${run}/${kind}/${name}`;
