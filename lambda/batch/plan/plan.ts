/** How long what has arrived may still be on its way to raw, and what a run may take. */
export interface PlanSettings {
  readonly flushSeconds: number;
  readonly graceSeconds: number;
  readonly firstRunDays: number;
  /** For how long a log keeps a record that has not reached raw: so late may it land below a watermark. */
  readonly latestHours: number;
  /** Of how many published runs the answers are kept, this one among them. */
  readonly keptRuns: number;
  readonly leaseSeconds: number;
}

/** What the state machine tells: its own name and start, its input, and the answer of GetItem. */
export interface PlanEvent {
  readonly runId: string;
  /** ISO 8601. */
  readonly startTime: string;
  readonly input: unknown;
  readonly state: {
    readonly Item?: {
      readonly pointer?: { readonly M: Pointer };
      /** The last runs that readers saw, the newest last. */
      readonly published?: { readonly L: readonly { readonly S: string }[] };
    };
  };
}

/** The run that readers see, as an attribute of DynamoDB. */
interface Pointer {
  readonly runId: { readonly S: string };
  readonly watermark: { readonly N: string };
  readonly model: { readonly S: string };
  readonly snapshots: { readonly S: string };
}

/** Numbers that go into arguments or into DynamoDB are text. */
export interface Plan {
  readonly runId: string;
  /** Arrival dates, UTC, both included. */
  readonly from: string;
  readonly to: string;
  /** Epoch ms: a whole second. */
  readonly watermark: string;
  /** The same for SQL. */
  readonly watermarkTimestamp: string;
  readonly logicalDate: string;
  /** `true` where lines that were read before are to be read again. */
  readonly reclean: 'true' | 'false';
  /** Whether tables are to be maintained after the run. */
  readonly tidy: boolean;
  /** Epoch seconds. */
  readonly now: string;
  readonly leaseExpiresAt: string;
  /** Of the run that readers see; `none` before the first. */
  readonly pointerRunId: string;
  /** The runs whose answers are kept once this one is published, as a list of DynamoDB and of SQL. */
  readonly published: readonly { readonly S: string }[];
  readonly keptRuns: string;
  readonly pointer: { readonly watermark: string; readonly model: string; readonly snapshots: string } | null;
}

/** What was asked for cannot be run. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
}

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;
/** It stands in SQL and in keys of S3. */
const RUN_ID = /^[A-Za-z0-9._-]{1,80}$/;

/** @throws PlanError */
export function planRun(event: PlanEvent, settings: PlanSettings): Plan {
  if (!RUN_ID.test(event.runId)) {
    throw new PlanError(`Name the execution with letters, digits, dots, hyphens and underscores, not ${event.runId}`);
  }
  const startMs = Date.parse(event.startTime);
  const input = readInput(event.input);
  const pointer = event.state.Item?.pointer?.M;
  // Another look at old dates must not show rows that the other dates' runs have not seen.
  const watermark = input.range && pointer ? Number(pointer.watermark.N) : newestWatermark(startMs, settings);
  const { from, to } = input.range ?? newDates(watermark, pointer, settings);
  const published = publishedRuns(event, settings.keptRuns);
  const now = Math.floor(startMs / SECOND);
  return {
    runId: event.runId,
    from,
    to,
    watermark: String(watermark),
    watermarkTimestamp: new Date(watermark).toISOString().replace('T', ' ').replace('Z', ''),
    logicalDate: input.logicalDate ?? event.startTime,
    reclean: input.range ? 'true' : 'false',
    tidy: input.logicalDate !== undefined,
    now: String(now),
    leaseExpiresAt: String(now + settings.leaseSeconds),
    pointerRunId: pointer?.runId.S ?? 'none',
    published: published.map((S) => ({ S })),
    keptRuns: published.map((run) => `'${run}'`).join(', '),
    pointer: pointer
      ? { watermark: pointer.watermark.N, model: pointer.model.S, snapshots: pointer.snapshots.S }
      : null,
  };
}

/** The newest whole second below which everything has reached raw, unless it is late. */
function newestWatermark(startMs: number, { flushSeconds, graceSeconds }: PlanSettings): number {
  const settled = startMs - (flushSeconds + graceSeconds) * SECOND;
  return Math.ceil(settled / SECOND - 1) * SECOND;
}

/** With this run as the newest. A state without the list tells of the run that it points to. */
function publishedRuns({ runId, state: { Item: item } }: PlanEvent, kept: number): readonly string[] {
  const before = item?.published?.L ?? (item?.pointer ? [item.pointer.M.runId] : []);
  const others = before.map(({ S }) => S).filter((run) => run !== runId && RUN_ID.test(run));
  return [...others, runId].slice(-kept);
}

/** As far before the last watermark as what landed late since may have arrived. */
function newDates(watermark: number, pointer: Pointer | undefined, { firstRunDays, latestHours }: PlanSettings) {
  const from = pointer ? Number(pointer.watermark.N) - latestHours * HOUR : watermark - firstRunDays * DAY;
  return { from: dateOf(Math.min(from, watermark)), to: dateOf(watermark) };
}

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

interface Input {
  readonly logicalDate: string | undefined;
  readonly range: { readonly from: string; readonly to: string } | undefined;
}

function readInput(input: unknown): Input {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new PlanError('The input is an object: {} or {"from": "YYYY-MM-DD", "to": "YYYY-MM-DD"}');
  }
  const { logical_date: logicalDate, from, to, ...others } = input as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new PlanError(`The input has ${unknown}, but takes from, to and logical_date only`);
  if (logicalDate !== undefined && typeof logicalDate !== 'string') throw new PlanError('logical_date is a text');
  if (from === undefined && to === undefined) return { logicalDate, range: undefined };
  if (!isDate(from) || !isDate(to)) throw new PlanError('from and to are arrival dates, both given: YYYY-MM-DD');
  if (to < from) throw new PlanError(`from ${from} is after to ${to}`);
  return { logicalDate, range: { from, to } };
}

const isDate = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^\d{4}-\d{2}-\d{2}$/.test(value) &&
  !Number.isNaN(Date.parse(value)) &&
  new Date(value).toISOString().startsWith(value);
