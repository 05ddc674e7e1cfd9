import { expect, test } from '@jest/globals';
import { BatchRuns } from '../../../local/console/batch.ts';
import type { BatchEnd, BatchStep } from '../../../local/console/tools.ts';

const request = { parameters: {}, query: new URLSearchParams(), body: {}, signal: new AbortController().signal };
const start = (runs: BatchRuns) => runs.routes()[0]!.handle(request);

test('a run tells its steps and its end; another one waits for it', async () => {
  let pass: (step: BatchStep) => void = () => {};
  let end: (end: BatchEnd) => void = () => {};
  const runs = new BatchRuns({
    runBatch: (onStep) => {
      pass = onStep;
      return new Promise((resolve) => {
        end = resolve;
      });
    },
  });
  start(runs);
  pass({ name: 'Clean', ms: 7 });
  expect(() => start(runs)).toThrow('A run is under way');
  expect(runs.state).toMatchObject({ steps: [{ name: 'Clean' }] });
  end({ outcome: 'changed', message: 'Readers see it.' });
  await Promise.resolve();
  await new Promise(setImmediate);
  expect(runs.state).toMatchObject({ end: { outcome: 'changed' } });
  start(runs);
  expect(runs.state).toMatchObject({ steps: [] });
});

test('a run that cannot be followed has failed', async () => {
  const runs = new BatchRuns({ runBatch: () => Promise.reject(new Error('No states.')) });
  start(runs);
  await new Promise(setImmediate);
  expect(runs.state?.end).toEqual({ outcome: 'failed', message: 'No states.' });
});

test('where there is no batch layer, none runs', () => {
  expect(() => start(new BatchRuns({}))).toThrow('no batch layer');
});
