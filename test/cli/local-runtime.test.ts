import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { silentAddress } from '../../cli/silent-address.ts';
import { addressesIn, writeAddresses } from '../../local/addresses.ts';

test('a runtime is found by its state, before its first start at the default ports', () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'pinflow-addresses-'));
  try {
    const usual = { endpoint: 'http://127.0.0.1:4566', api: 'http://127.0.0.1:8000' };
    expect(addressesIn(stateDir)).toEqual(usual);
    const own = { endpoint: 'http://127.0.0.1:1', api: 'http://127.0.0.1:2' };
    writeAddresses(stateDir, own);
    expect(addressesIn(stateDir)).toEqual(own);
    writeFileSync(join(stateDir, 'addresses.json'), '{"endpoint":');
    expect(addressesIn(stateDir)).toEqual(usual);
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
});

test.each([
  ['a refusal here', { code: 'ECONNREFUSED', address: '127.0.0.1', port: 4566 }, '127.0.0.1:4566'],
  ['one for each address', { errors: [{ code: 'ECONNREFUSED', address: '::1', port: 80 }] }, '::1:80'],
  ['a refusal elsewhere', { code: 'ECONNREFUSED', address: '10.0.0.1', port: 443 }, undefined],
  ['another error', new Error('no'), undefined],
  ['what is not even an error', 'no', undefined],
])('of %s the address is told where nothing listens', (_, error, expected) => {
  expect(silentAddress(error)).toBe(expected);
});
