import { expect, test } from '@jest/globals';
import type { Admin } from '@platformatic/kafka';
import { putTopic } from '../../../local/engines/kafka/topics.ts';

const TOPIC = 'demo.pin';
const LOOKS_BEHIND = 3;

/** Of a broker that still shows what was before for some looks after a change. */
function adminOfSlowBroker() {
  let shown: number | undefined;
  let taken: number | undefined;
  let behind = 0;
  const look = (): void => {
    if (behind > 0) behind -= 1;
    else shown = taken;
  };
  const take = (partitions: number): void => {
    taken = partitions;
    behind = LOOKS_BEHIND;
  };
  const admin = {
    listTopics: async () => {
      look();
      return shown === undefined ? [] : [TOPIC];
    },
    metadata: async () => ({ topics: new Map([[TOPIC, { partitionsCount: shown }]]) }),
    createTopics: async ({ partitions }: { partitions: number }) => take(partitions),
    createPartitions: async ({ topics: [topic] }: { topics: [{ count: number }] }) => take(topic.count),
    describeConfigs: async () => [{ configs: [] }],
  } as unknown as Admin;
  return { admin, shown: () => shown };
}

test('the broker knows a topic, and its further partitions, when they are put', async () => {
  const { admin, shown } = adminOfSlowBroker();
  await putTopic(admin, { name: TOPIC, partitions: 1, configs: {} });
  expect(shown()).toBe(1);
  await putTopic(admin, { name: TOPIC, partitions: 2, configs: {} });
  expect(shown()).toBe(2);
});
