import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';

/** The run that readers see. */
export interface Pointer {
  readonly runId: string;
  /** Epoch ms. */
  readonly watermark: number;
}

/** undefined before the first run. */
export async function readPointer(client: DynamoDBClient, TableName: string): Promise<Pointer | undefined> {
  const get = new GetItemCommand({ TableName, Key: { id: { S: 'batch' } }, ConsistentRead: true });
  const { Item } = await client.send(get);
  const pointer = Item && (unmarshall(Item)['pointer'] as Readonly<Record<keyof Pointer, unknown>> | undefined);
  return pointer && { runId: String(pointer.runId), watermark: Number(pointer.watermark) };
}
