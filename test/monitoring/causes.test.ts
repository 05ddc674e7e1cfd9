import { expect, test } from '@jest/globals';
import { unsettledAlarms } from '../e2e/faults/causes.ts';

test('each alarm is caused by a test, or it is said why only AWS can', () => {
  expect(unsettledAlarms()).toEqual([]);
});
