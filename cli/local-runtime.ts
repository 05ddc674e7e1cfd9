import { addressesIn } from '../local/addresses.ts';
import { defaultStateDir } from './state-dir.ts';

/** The AWS endpoint of the runtime on this machine. */
export const localEndpoint = (): string => addressesIn(defaultStateDir).endpoint;

/** The invoke URL of its API, with the stage. */
export const localApi = (): string => `${addressesIn(defaultStateDir).api}/prod`;
