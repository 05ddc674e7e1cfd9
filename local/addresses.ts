import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from './whole-file.ts';

/** Where a runtime answers. */
export interface Addresses {
  /** Every AWS service. */
  readonly endpoint: string;
  /** API Gateway, without a stage. */
  readonly api: string;
}

const OF_DEFAULT_PORTS: Addresses = { endpoint: 'http://127.0.0.1:4566', api: 'http://127.0.0.1:8000' };

const fileIn = (stateDir: string): string => join(stateDir, 'addresses.json');

/** For commands of this machine. */
export const writeAddresses = (stateDir: string, addresses: Addresses): void =>
  writeWhole(fileIn(stateDir), `${JSON.stringify(addresses)}\n`);

/** Of the runtime that has this state, or had it last; those of the default ports where none has run yet. */
export function addressesIn(stateDir: string): Addresses {
  try {
    return { ...OF_DEFAULT_PORTS, ...(JSON.parse(readFileSync(fileIn(stateDir), 'utf8')) as Partial<Addresses>) };
  } catch {
    return OF_DEFAULT_PORTS;
  }
}
