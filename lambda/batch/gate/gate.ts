import type { Plan } from '../plan/plan.ts';

/** `runs/{run id}/summary.json`, as the clean job writes it. */
export interface RunSummary {
  readonly run_id: string;
  readonly model: string;
  /** Table -> id of its snapshot. Ids have up to 19 digits, so they are text here; null before the first commit. */
  readonly snapshots: Readonly<Record<string, string | null>>;
  readonly feeds: Readonly<Record<string, FeedSummary>>;
}

interface FeedSummary {
  readonly records: number;
  readonly rows_in: number;
  readonly applied: number;
  readonly duplicate: number;
  readonly superseded: number;
  readonly quarantined: number;
  readonly late: number;
}

export interface GateEvent {
  readonly plan: Plan;
  /** Hash of the statements that fill gold. */
  readonly gold: string;
}

export interface GateResult {
  /** Whether readers would see anything new. */
  readonly changed: boolean;
  /** Hash of the rules, a dot, hash of gold's statements: what the run's rows were made by. */
  readonly model: string;
  /** JSON text with sorted tables: equal when the snapshots are. */
  readonly snapshots: string;
  readonly feeds: RunSummary['feeds'];
}

/** What the job did is not for readers. Silver keeps it; a later run that passes shows it. */
export class GateError extends Error {
  override readonly name = 'GateError';
}

/** @throws GateError */
export function judge(
  summary: RunSummary,
  plan: Plan,
  { maxQuarantinedShare, gold }: { readonly maxQuarantinedShare: number; readonly gold: string },
): GateResult {
  if (summary.run_id !== plan.runId) throw new GateError(`The summary is that of run ${summary.run_id}`);
  for (const [name, feed] of Object.entries(summary.feeds)) {
    const fates = feed.applied + feed.duplicate + feed.superseded + feed.quarantined;
    if (fates !== feed.rows_in)
      throw new GateError(`${name}: ${feed.rows_in} rows came in, ${fates} are accounted for`);
    if (feed.quarantined > maxQuarantinedShare * feed.rows_in) {
      throw new GateError(
        `${name}: ${feed.quarantined} of ${feed.rows_in} rows are quarantined, more than the share of ${maxQuarantinedShare}`,
      );
    }
  }
  const snapshots = JSON.stringify(
    Object.fromEntries(Object.entries(summary.snapshots).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
  const { pointer } = plan;
  const model = `${summary.model}.${gold}`;
  const changed =
    pointer === null ||
    pointer.watermark !== plan.watermark ||
    pointer.model !== model ||
    pointer.snapshots !== snapshots;
  return { changed, model, snapshots, feeds: summary.feeds };
}

type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** Reads integers beyond 2^53 as text instead of as another number. */
export function parseSummary(text: string): RunSummary {
  const exact: Reviver = (_, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '') ? source : value;
  const parsed = JSON.parse(text, exact as Parameters<typeof JSON.parse>[1]) as RunSummary;
  const snapshots = Object.entries(parsed.snapshots).map(([table, id]) => [table, id === null ? null : String(id)]);
  return { ...parsed, snapshots: Object.fromEntries(snapshots) };
}
