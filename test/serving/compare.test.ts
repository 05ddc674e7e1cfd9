import type { InvokeCommand } from '@aws-sdk/client-lambda';
import { expect, test } from '@jest/globals';
import { askReferee, CompareError } from '../../cli/compare/ask.ts';
import { comparisonText } from '../../cli/compare/print.ts';
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
  expect(comparisonText({ ...report(2, 0), run: null })).toMatch(/Part 1 of 2 of 10 posts\. No run .*Drift 0/s);
});
