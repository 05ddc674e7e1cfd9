import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { LevelStore } from '../../../local/services/level-store.ts';
import { ServiceError } from '../../../local/services/service.ts';

const FAULT = { code: 'InternalFailure', status: 500, message: expect.stringContaining('No space left on device') };
const full = new Error('IO error: 000003.log: No space left on device');
let opens: string[];
let canOpen: boolean;
let store: LevelStore<string>;

beforeEach(async () => {
  [opens, canOpen] = [[], true];
  store = await LevelStore.open({
    service: 'Kinesis',
    faultCode: 'InternalFailure',
    open: async () => {
      if (!canOpen) throw full;
      opens.push(`store ${opens.length + 1}`);
      return opens.at(-1)!;
    },
    close: async () => {},
  });
});

afterEach(() => {
  jest.restoreAllMocks();
});

const fails = () => store.use(() => Promise.reject(full));
const works = () => store.use(async (opened) => opened);
const later = () => {
  let end: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { done, end };
};

test('after a failed write the store is opened anew, when nobody uses the old one', async () => {
  const { done, end } = later();
  const running = store.use(() => done);
  await expect(fails()).rejects.toMatchObject(FAULT);
  const next = works();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(opens).toEqual(['store 1']);
  end();
  // It was answered after the failure: what it wrote may not last.
  await expect(running).rejects.toMatchObject(FAULT);
  expect(await next).toBe('store 2');
});

test('while it cannot be opened every call is refused, and tried again', async () => {
  let now = performance.now();
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  await expect(fails()).rejects.toMatchObject(FAULT);
  canOpen = false;
  await expect(works()).rejects.toMatchObject(FAULT);
  canOpen = true;
  await expect(works()).rejects.toMatchObject(FAULT);
  now += 600;
  expect(await Promise.all([works(), works()])).toEqual(['store 2', 'store 2']);
});

test('what the service refuses is no failure of its store', async () => {
  const refusal = new ServiceError('ResourceNotFoundException', 'IO error');
  await expect(store.use(() => Promise.reject(refusal))).rejects.toBe(refusal);
  await expect(store.use(() => Promise.reject(new TypeError('odd')))).rejects.toThrow('odd');
  expect(await works()).toBe('store 1');
});
