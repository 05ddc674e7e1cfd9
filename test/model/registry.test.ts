import { describe, expect, test } from '@jest/globals';
import {
  completeRegistry,
  emptyRegistry,
  isExact,
  isWhole,
  liveGeneration,
  notCounted,
  withCompleted,
  withRebuild,
} from '../../model/counters/registry.ts';

const begun = 1_000;
const now = 2_000_000;
const first = completeRegistry(['a', 'b'], begun);

describe('a rebuild', () => {
  test('begins at the clock, and readers stay where they are until it is complete', () => {
    const { registry, generation } = withRebuild(first, ['a'], now);
    expect(generation).toBe(2_000);
    expect(registry.metrics).toEqual({ a: { active: begun, building: 2_000 }, b: { active: begun } });
    const completed = withCompleted(registry, generation);
    expect(completed.metrics).toEqual({ a: { active: 2_000 }, b: { active: begun } });
  });

  test('goes on with one of the same metrics, but not with one that misses a change', () => {
    const { registry } = withRebuild(first, ['a'], now);
    expect(withRebuild(registry, ['a'], now + 60_000).generation).toBe(2_000);
    expect(withRebuild(registry, ['a', 'b'], now + 60_000).generation).toBe(2_060);
    expect(withRebuild({ ...registry, inexactUpTo: 2_000 }, ['a'], now + 60_000).generation).toBe(2_060);
  });

  test.each([
    ['of the rebuild before', { ...first, newest: 2_005 }, 2_006],
    ['of a change that is missing', { ...first, inexactUpTo: 2_005 }, 2_006],
  ])('begins after the second %s, whatever the clock says', (_, registry, generation) => {
    expect(withRebuild(registry, ['a'], now).generation).toBe(generation);
  });
});

test('what was read is whole while the same generations are live', () => {
  const moved = withCompleted(withRebuild(first, ['a'], now).registry, 2_000);
  expect(isWhole(first, withRebuild(first, ['a'], now).registry, ['a', 'b'])).toBe(true);
  expect(isWhole(first, moved, ['a'])).toBe(false);
  expect(isWhole(first, moved, ['b'])).toBe(true);
  expect(isWhole(first, undefined, ['b'])).toBe(false);
});

test('a registry of nothing has nothing complete, and a function tells what it does not count', () => {
  expect(liveGeneration(emptyRegistry(begun), 'a')).toBeUndefined();
  expect(isExact(emptyRegistry(begun), 'a')).toBe(false);
  expect(notCounted(first, ['b', 'c'])).toEqual(['a']);
  expect(notCounted(emptyRegistry(begun), [])).toEqual([]);
});
