import type { InvokeCommand } from '@aws-sdk/client-lambda';
import { describe, expect, test } from '@jest/globals';
import { askReferee, CompareError } from '../../cli/compare/ask.ts';
import { comparisonText, exitCode } from '../../cli/compare/print.ts';
import type { RefereeEvent, RefereeReport } from '../../model/referee/report.ts';

const feed = (drift: number) => ({
  verdicts: { equal: 4, ahead: 1, otherDoor: 0, notInPosts: drift, notInSilver: 0, otherRow: 0, otherContent: 0 },
  drift,
  examples: drift > 0 ? [{ ind: 7, verdict: 'notInPosts' as const }] : [],
});

const report = (of: number, part: number, drift = 0): RefereeReport => ({
  run: 'run-1',
  watermark: Date.parse('2026-11-21T12:00:00Z'),
  sample: { of, part },
  posts: 10,
  missingOffsets: 0,
  feeds: { pin: feed(drift), geo: feed(0), user: feed(0) },
  metrics: [
    {
      name: 'posts-by-category',
      state: 'exact',
      compared: 3,
      moving: 0,
      drift,
      examples: drift > 0 ? [{ counter: 'posts-by-category.0#0##art', live: '1', recomputed: '2' }] : [],
    },
  ],
  drift: 2 * drift,
});

function lambdaOf(answer: (event: RefereeEvent) => unknown, FunctionError?: string) {
  const asked: RefereeEvent[] = [];
  const send = async ({ input }: InvokeCommand) => {
    const event = JSON.parse(String(input.Payload)) as RefereeEvent;
    asked.push(event);
    return { Payload: Buffer.from(JSON.stringify(answer(event))), ...(FunctionError && { FunctionError }) };
  };
  return { asked, lambda: { send } as never };
}

test('all parts are asked for once, and add up', async () => {
  const { asked, lambda } = lambdaOf(({ sample }) => report(3, sample?.part ?? 1, sample?.part === 2 ? 1 : 0));
  const found = await askReferee({ lambda }, { refereeFunction: 'referee' }, { all: true });
  expect(asked).toEqual([{}, { sample: { of: 3, part: 0 } }, { sample: { of: 3, part: 2 } }]);
  expect(found).toMatchObject({ sample: { of: 1, part: 0 }, posts: 10, drift: 2 });
  expect(found.feeds.pin).toEqual({
    verdicts: { equal: 12, ahead: 3, otherDoor: 0, notInPosts: 1, notInSilver: 0, otherRow: 0, otherContent: 0 },
    drift: 1,
    examples: [{ ind: 7, verdict: 'notInPosts' }],
  });
  expect(found.metrics[0]).toMatchObject({ compared: 9, drift: 1 });
});

test('a sample is one part', async () => {
  const { asked, lambda } = lambdaOf(() => report(3, 1));
  expect(await askReferee({ lambda }, { refereeFunction: 'referee' }, { all: false })).toEqual(report(3, 1));
  expect(asked).toEqual([{}]);
});

test('a referee that fails says why', async () => {
  const { lambda } = lambdaOf(() => ({ errorMessage: 'No such table' }), 'Unhandled');
  const asked = askReferee({ lambda }, { refereeFunction: 'referee' }, { all: false });
  await expect(asked).rejects.toThrow(CompareError);
  await expect(asked).rejects.toThrow(/No such table/);
});

test('what is printed has every number, what differs, and what mends it', () => {
  const text = comparisonText(report(1, 0, 1));
  expect(text).toContain('All 10 posts, against silver up to 2026-11-21T12:00:00.000Z (run run-1)');
  expect(text).toMatch(/pin\s+4\s+1\s+0\s+1\s+0\s+0\s+0\n/);
  expect(text).toMatch(/posts-by-category\s+exact\s+3\s+0\s+1\n/);
  expect(text).toContain('pin of post 7: notInPosts');
  expect(text).toContain('posts-by-category.0#0##art: live 1, recomputed 2');
  expect(text).toContain('Drift 2. Counters are mended by npm run rebuild, rows by npm run backfill.');
  expect(comparisonText({ ...report(2, 0), run: null })).toMatch(/Part 1 of 2 of 10 posts, against no silver/);
});

describe('the layers agree only as far as they were compared', () => {
  const whole = (): RefereeReport => {
    const { feeds, ...rest } = report(1, 0);
    const verdicts = { ...feeds.pin.verdicts, ahead: 0 };
    const same = { verdicts, drift: 0, examples: [] };
    return { ...rest, feeds: { pin: same, geo: same, user: same } };
  };
  const withMetric = (more: Partial<RefereeReport['metrics'][number]>): RefereeReport => ({
    ...whole(),
    metrics: whole().metrics.map((metric) => ({ ...metric, ...more })),
  });
  const withVerdict = (more: object): RefereeReport => {
    const { feeds, ...rest } = whole();
    return { ...rest, feeds: { ...feeds, pin: { ...feeds.pin, verdicts: { ...feeds.pin.verdicts, ...more } } } };
  };

  test('all of it', () => {
    expect(comparisonText(whole())).toMatch(/Drift 0: the layers agree\.$/);
    expect(comparisonText(whole())).not.toContain('Not compared');
    expect(exitCode(whole())).toBe(0);
  });

  test.each<[string, RefereeReport, RegExp]>([
    ['there is no run', { ...whole(), run: null, watermark: null }, /Rows: no run .*npm run batch/],
    [
      'counters are not complete',
      withMetric({ state: 'building' }),
      /posts-by-category: .*not complete.*npm run rebuild/,
    ],
    ['counters miss a change', withMetric({ state: 'inexact' }), /posts-by-category: .*miss a change.*npm run rebuild/],
    ['counters were replaced', withMetric({ state: 'rebuilt' }), /posts-by-category: a rebuild.*Compare again/],
  ])('%s: it is open, and exit 3 tells it', (_, of, why) => {
    const text = comparisonText(of);
    expect(text).toMatch(/Not compared:/);
    expect(text).toMatch(why);
    expect(text).not.toContain('the layers agree.');
    expect(exitCode(of)).toBe(3);
    expect(exitCode({ ...of, drift: 1 })).toBe(1);
  });

  test.each<[string, RefereeReport, string]>([
    ['rows that are ahead', withVerdict({ ahead: 1_000 }), '1,000 rows above the watermark'],
    ['rows of another door', withVerdict({ otherDoor: 1 }), '1 row that came through topics'],
    ['counters that change', withMetric({ moving: 2 }), '2 counters that changed while they were read'],
    [
      'the rest of a sample',
      { ...whole(), sample: { of: 3, part: 1 } },
      'other 2 parts of 3: npm run compare -- --all',
    ],
  ])('%s are told, and are as things are', (_, of, told) => {
    expect(comparisonText(of)).toContain(told);
    expect(exitCode(of)).toBe(0);
  });

  test('what differs or is missing is exit 1', () => {
    expect([exitCode(report(1, 0, 1)), exitCode({ ...whole(), missingOffsets: 1 })]).toEqual([1, 1]);
  });

  test('parts of which one could not be judged are not judged as a whole', async () => {
    const { lambda } = lambdaOf(({ sample }) => ({
      ...withMetric({ state: sample?.part === 0 ? 'inexact' : 'exact' }),
      sample: sample ?? { of: 2, part: 1 },
    }));
    expect(exitCode(await askReferee({ lambda }, { refereeFunction: 'referee' }, { all: true }))).toBe(3);
  });
});
