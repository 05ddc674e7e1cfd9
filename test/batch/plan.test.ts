import { describe, expect, test } from '@jest/globals';
import { PlanError, type PlanEvent, planRun } from '../../lambda/batch/plan/plan.ts';

const settings = { flushSeconds: 2, graceSeconds: 1, firstRunDays: 3, latestHours: 24, keptRuns: 3, leaseSeconds: 100 };
const event = (more: Partial<PlanEvent> = {}): PlanEvent => ({
  runId: 'run-1',
  startTime: '2026-11-21T10:00:00.500Z',
  input: {},
  state: {},
  ...more,
});
const pointer = (watermark: string): PlanEvent['state'] => ({
  Item: {
    pointer: {
      M: {
        runId: { S: 'run-0' },
        watermark: { N: String(Date.parse(watermark)) },
        model: { S: 'm' },
        snapshots: { S: '{}' },
      },
    },
  },
});
const watermarkAt = (startTime: string) => planRun(event({ startTime }), settings).watermark;

test('the first run reads the days that the profile says, up to the watermark', () => {
  expect(planRun(event(), settings)).toEqual({
    runId: 'run-1',
    from: '2026-11-18',
    to: '2026-11-21',
    watermark: String(Date.parse('2026-11-21T09:59:57Z')),
    watermarkTimestamp: '2026-11-21 09:59:57.000',
    logicalDate: '2026-11-21T10:00:00.500Z',
    reclean: 'false',
    tidy: false,
    now: String(Date.parse('2026-11-21T10:00:00Z') / 1_000),
    leaseExpiresAt: String(Date.parse('2026-11-21T10:01:40Z') / 1_000),
    pointerRunId: 'none',
    published: [{ S: 'run-1' }],
    keptRuns: "'run-1'",
    pointer: null,
  });
});

test.each([
  ['2026-11-21T10:00:03.001Z', '2026-11-21T10:00:00Z'],
  ['2026-11-21T10:00:03.000Z', '2026-11-21T09:59:59Z'],
  ['2026-11-21T10:00:02.999Z', '2026-11-21T09:59:59Z'],
])('of a run that starts at %s the watermark is the second before the window and the grace: %s', (start, second) => {
  expect(watermarkAt(start)).toBe(String(Date.parse(second)));
});

test.each([
  [24, '2026-11-19'],
  [72, '2026-11-17'],
])(
  'where records land %p hours late at most, the next run reads from as long before the last watermark',
  (latestHours, from) => {
    const plan = planRun(event({ state: pointer('2026-11-20T23:59:00Z') }), { ...settings, latestHours });
    expect(plan).toMatchObject({ from, to: '2026-11-21', reclean: 'false', pointerRunId: 'run-0' });
  },
);

test('answers of the last published runs are kept, this one among them', () => {
  const keptAfter = (published?: readonly string[]) => {
    const { Item } = pointer('2026-11-20T23:59:00Z');
    const known = published && { published: { L: published.map((S) => ({ S })) } };
    const plan = planRun(event({ state: { Item: { ...Item!, ...known } } }), settings);
    expect(plan.published.map(({ S }) => `'${S}'`).join(', ')).toBe(plan.keptRuns);
    return plan.keptRuns;
  };
  expect(keptAfter()).toBe("'run-0', 'run-1'");
  expect(keptAfter(['a', 'b', 'run-0'])).toBe("'b', 'run-0', 'run-1'");
  // A start of the same execution again.
  expect(keptAfter(['run-0', 'run-1'])).toBe("'run-0', 'run-1'");
});

test('a run over dates cleans them again and keeps the watermark that readers see', () => {
  const input = { from: '2026-11-01', to: '2026-11-02' };
  const seen = '2026-11-20T00:00:00Z';
  expect(planRun(event({ input, state: pointer(seen) }), settings)).toMatchObject({
    ...input,
    reclean: 'true',
    watermark: String(Date.parse(seen)),
  });
  expect(planRun(event({ input }), settings)).toMatchObject({ ...input, watermark: watermarkAt(event().startTime) });
});

test('the schedule gives the logical date, and has the tables maintained', () => {
  const input = { logical_date: '2026-11-21T02:00:00Z' };
  expect(planRun(event({ input }), settings)).toMatchObject({ logicalDate: input.logical_date, tidy: true });
});

describe('is refused:', () => {
  test.each<[string, unknown, RegExp]>([
    ['no object', [], /is an object/],
    ['an unknown member', { form: '2026-11-01' }, /has form/],
    ['one date', { from: '2026-11-01' }, /both given/],
    ['no date', { from: '2026-11-01', to: 'today' }, /YYYY-MM-DD/],
    ['a day that is not', { from: '2026-02-30', to: '2026-03-01' }, /YYYY-MM-DD/],
    ['the wrong order', { from: '2026-11-02', to: '2026-11-01' }, /is after/],
    ['a logical date that is no text', { logical_date: 1 }, /logical_date/],
  ])('%s', (_, input, message) => {
    expect(() => planRun(event({ input }), settings)).toThrow(PlanError);
    expect(() => planRun(event({ input }), settings)).toThrow(message);
  });

  test.each(["a'b", 'a/b', ''])('an execution named %j, which would stand in SQL and in keys', (runId) => {
    expect(() => planRun(event({ runId }), settings)).toThrow(PlanError);
  });
});
