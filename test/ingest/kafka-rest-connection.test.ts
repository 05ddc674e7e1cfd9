import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { KafkaTopics } from '../../lambda/ingest/kafka-rest/kafka-topics.ts';
import { unsecuredToken } from '../../lambda/ingest/kafka-rest/token.ts';

test('a broker that dies in the SASL handshake costs the request, not the environment', async () => {
  const broker = createServer((socket) => {
    socket.on('error', () => {});
    // The handshake is the first that a client says.
    socket.once('data', () => socket.resetAndDestroy());
  });
  broker.listen(0, '127.0.0.1');
  await once(broker, 'listening');
  const bootstrapServers = `127.0.0.1:${(broker.address() as AddressInfo).port}`;
  const topics = new KafkaTopics({ bootstrapServers, token: async () => unsecuredToken('key'), tls: false });
  topics.deadline = Date.now() + 1_500;
  try {
    await expect(topics.partitions('demo.pin')).rejects.toMatchObject({ failure: { kind: 'unavailable' } });
  } finally {
    await topics.close();
    broker.close();
  }
});
