import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '../child.ts';

/** The least that a door can be: reads a body, parses it, answers as Kinesis does, stores nothing. */
const duties = {
  listen: (): Promise<number> =>
    new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    }),
};

export type BareServerDuties = typeof duties;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { PartitionKey } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { PartitionKey: string };
    const body = JSON.stringify({
      SequenceNumber: PartitionKey.padStart(56, '0'),
      ShardId: 'shardId-000000000000',
    });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
});

serve(duties);
