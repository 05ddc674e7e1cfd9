import { afterAll, beforeAll, expect } from '@jest/globals';
import { type ClientsRuntime, setUpLimitMs, startForClients } from './runtime.ts';

/** SDK v3 as it comes: no client is told anything, but by the variables of docs/clients.md. */
const opened: { destroy(): void }[] = [];

/** A runtime for the tests of a file, and the variables. */
export function runForSdk(): () => ClientsRuntime {
  let clients: ClientsRuntime | undefined;
  beforeAll(async () => {
    clients = await startForClients();
    Object.assign(process.env, clients.environment);
  }, setUpLimitMs);
  afterAll(async () => {
    for (const client of opened) client.destroy();
    await clients?.stop();
  }, setUpLimitMs);
  return () => clients!;
}

/** Destroyed at the end of the file. */
export function open<T extends { destroy(): void }>(client: T): T {
  opened.push(client);
  return client;
}

export async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const page of pages) found.push(page);
  return found;
}

/** Answered at the first attempt. */
export const atOnce = { $metadata: expect.objectContaining({ httpStatusCode: 200, attempts: 1, totalRetryDelay: 0 }) };
export const waiting = { maxWaitTime: 60, minDelay: 1, maxDelay: 1 };
export const text = 'søk ☃';
