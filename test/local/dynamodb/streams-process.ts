import { DynamoDbService } from '../../../local/services/dynamodb/service.ts';

/* Adds to counters as fast as it can, and tells each write that is acknowledged, until it is killed. */
const directory = process.argv[2]!;
const dynamodb = await DynamoDbService.open({ directory, account: '000000000000', region: 'us-east-1' });
await dynamodb.streams.put('posts', 'NEW_AND_OLD_IMAGES');
const write = async (worker: number): Promise<void> => {
  for (let i = 0; ; i += 1) {
    const ind = { N: String((worker * 7 + i) % 50) };
    const answer = await dynamodb.call('UpdateItem', {
      TableName: 'posts',
      Key: { ind },
      UpdateExpression: 'ADD v :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
      ReturnValues: 'UPDATED_NEW',
    });
    const { v } = answer['Attributes'] as { v: { N: string } };
    process.stdout.write(`${ind.N} ${v.N}\n`);
  }
};
for (let worker = 0; worker < 32; worker += 1) void write(worker);
