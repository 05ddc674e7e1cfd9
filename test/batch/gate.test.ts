import { expect, test } from '@jest/globals';
import { GateError, judge, parseSummary, type RunSummary } from '../../lambda/batch/gate/gate.ts';
import type { Plan } from '../../lambda/batch/plan/plan.ts';

const counts = { records: 4, rows_in: 4, applied: 2, duplicate: 1, superseded: 0, quarantined: 1, late: 0 };
const snapshots = { silver_user: null, silver_pin: '8273645182736451827' };
const summary: RunSummary = { run_id: 'run-1', model: 'm', snapshots, feeds: { pin: counts } };
const plan: Plan = {
  runId: 'run-1',
  from: '2026-11-20',
  to: '2026-11-21',
  watermark: '1000',
  watermarkTimestamp: '1970-01-01 00:00:01.000',
  logicalDate: 'x',
  reclean: 'false',
  tidy: false,
  now: '1',
  leaseExpiresAt: '2',
  pointerRunId: 'run-0',
  published: [{ S: 'run-1' }],
  keptRuns: "'run-1'",
  pointer: { watermark: '1000', model: 'm.g', snapshots: '{"silver_pin":"8273645182736451827","silver_user":null}' },
};
const settings = { maxQuarantinedShare: 0.5, gold: 'g' };

test('ids of snapshots keep all their digits', () => {
  const text = '{"run_id":"r","model":"m","snapshots":{"silver_pin":8273645182736451827,"silver_geo":5},"feeds":{}}';
  expect(parseSummary(text).snapshots).toEqual({ silver_pin: '8273645182736451827', silver_geo: '5' });
});

test('a run that leads to what readers see already has changed nothing', () => {
  expect(judge(summary, plan, settings)).toEqual({
    changed: false,
    model: 'm.g',
    snapshots: plan.pointer!.snapshots,
    feeds: summary.feeds,
  });
});

test.each<[string, Partial<Plan>, Partial<RunSummary>]>([
  ['there is no pointer', { pointer: null }, {}],
  ['the watermark is another', { watermark: '2000' }, {}],
  ['the rules are others', {}, { model: 'n' }],
  ['a table has another snapshot', {}, { snapshots: { ...snapshots, silver_user: '1' } }],
])('readers would see something new when %s', (_, otherPlan, otherSummary) => {
  expect(judge({ ...summary, ...otherSummary }, { ...plan, ...otherPlan }, settings).changed).toBe(true);
});

test('readers would see something new when gold is computed otherwise', () => {
  expect(judge(summary, plan, { ...settings, gold: 'h' }).changed).toBe(true);
});

test.each<[string, RunSummary, number, RegExp]>([
  [
    'rows are missing',
    { ...summary, feeds: { pin: { ...counts, applied: 1 } } },
    1,
    /4 rows came in, 3 are accounted for/,
  ],
  ['too many rows are refused', summary, 0.2, /pin: 1 of 4 rows are quarantined/],
  ['the summary is of another run', { ...summary, run_id: 'run-0' }, 1, /is that of run run-0/],
])('a run does not pass when %s', (_, found, share, message) => {
  expect(() => judge(found, plan, { ...settings, maxQuarantinedShare: share })).toThrow(GateError);
  expect(() => judge(found, plan, { ...settings, maxQuarantinedShare: share })).toThrow(message);
});

test('a run that read nothing passes', () => {
  const nothing = { ...counts, records: 0, rows_in: 0, applied: 0, duplicate: 0, quarantined: 0 };
  expect(judge({ ...summary, feeds: { pin: nothing } }, plan, settings).changed).toBe(false);
});
