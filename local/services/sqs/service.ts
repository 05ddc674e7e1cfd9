import { createHash, randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccessRequest } from '../../access/caller.ts';
import { type JsonObject, type JsonService, ServiceError } from '../service.ts';
import { openDatabase } from '../sqlite.ts';

export interface SqsOptions {
  readonly account: string;
  readonly region: string;
  /** The SQLite file. */
  readonly file: string;
  /** Of the front door, which queue URLs begin with. */
  readonly endpoint: string;
}

export interface QueueSettings {
  readonly visibilitySeconds: number;
  readonly retentionSeconds: number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS message (
    id TEXT PRIMARY KEY, queue TEXT NOT NULL, body TEXT NOT NULL, attributes TEXT NOT NULL, sent INTEGER NOT NULL,
    visible INTEGER NOT NULL, receipt TEXT, received INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX IF NOT EXISTS message_by_queue ON message (queue, sent);
`;
const POLL_MS = 100;

/** SQS: standard queues, kept in a SQLite file. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/ */
export class SqsService implements JsonService {
  readonly name = 'sqs';
  readonly #options: SqsOptions;
  readonly #db: DatabaseSync;
  readonly #queues = new Map<string, QueueSettings>();
  readonly #operations: Readonly<
    Record<string, (queue: string, input: JsonObject) => JsonObject | Promise<JsonObject>>
  > = {
    DeleteMessage: (queue, input) => this.#delete(queue, input),
    GetQueueAttributes: (queue, input) => this.#attributes(queue, input),
    GetQueueUrl: (queue) => ({ QueueUrl: this.url(queue) }),
    PurgeQueue: (queue) => this.#purge(queue),
    ReceiveMessage: (queue, input) => this.#receive(queue, input),
    SendMessage: (queue, input) => this.#send(queue, input),
  };

  constructor(options: SqsOptions) {
    this.#options = options;
    this.#db = openDatabase(options.file, SCHEMA);
  }

  close(): void {
    this.#db.close();
  }

  putQueue(name: string, settings: QueueSettings): void {
    this.#queues.set(name, settings);
  }

  removeQueue(name: string): void {
    this.#queues.delete(name);
    this.#db.prepare('DELETE FROM message WHERE queue = ?').run(name);
  }

  /** Messages of each queue, those that can be received and those that have been. */
  depths(): { readonly queue: string; readonly visible: number; readonly received: number }[] {
    const sql = 'SELECT count(*) AS n, coalesce(sum(visible <= ?), 0) AS visible FROM message WHERE queue = ?';
    return [...this.#queues.keys()].map((queue) => {
      const { n, visible } = this.#db.prepare(sql).get(Date.now(), queue)!;
      return { queue, visible: Number(visible), received: Number(n) - Number(visible) };
    });
  }

  arn(name: string): string {
    return `arn:aws:sqs:${this.#options.region}:${this.#options.account}:${name}`;
  }

  url(name: string): string {
    return `${this.#options.endpoint}/${this.#options.account}/${name}`;
  }

  access(operation: string, input: JsonObject): readonly AccessRequest[] {
    this.#operation(operation);
    return [{ action: `sqs:${operation}`, resource: this.arn(nameIn(input)) }];
  }

  async call(operation: string, input: JsonObject): Promise<JsonObject> {
    const queue = nameIn(input);
    if (!this.#queues.has(queue)) {
      const message = 'The specified queue does not exist.';
      throw new ServiceError('com.amazonaws.sqs#QueueDoesNotExist', message);
    }
    return this.#operation(operation)(queue, input);
  }

  #operation(name: string) {
    const found = Object.hasOwn(this.#operations, name) ? this.#operations[name] : undefined;
    if (found !== undefined) return found;
    throw new ServiceError('UnknownOperationException', `The local SQS does not have the operation ${name}.`);
  }

  #send(queue: string, input: JsonObject): JsonObject {
    const body = input['MessageBody'];
    if (typeof body !== 'string' || body === '') {
      throw new ServiceError(
        'MissingRequiredParameterException',
        'The request must contain the parameter MessageBody.',
      );
    }
    const id = randomUUID();
    const attributes = JSON.stringify(input['MessageAttributes'] ?? {});
    const now = Date.now();
    const visible = now + Number(input['DelaySeconds'] ?? 0) * 1_000;
    this.#db
      .prepare('INSERT INTO message (id, queue, body, attributes, sent, visible) VALUES (?, ?, ?, ?, ?, ?)')
      .run(id, queue, body, attributes, now, visible);
    return { MessageId: id, MD5OfMessageBody: md5(body) };
  }

  async #receive(queue: string, input: JsonObject): Promise<JsonObject> {
    const until = Date.now() + Number(input['WaitTimeSeconds'] ?? 0) * 1_000;
    for (;;) {
      const messages = this.#take(queue, input);
      if (messages.length > 0) return { Messages: messages };
      if (Date.now() >= until) return {};
      await sleep(POLL_MS, undefined, { ref: false });
    }
  }

  #take(queue: string, input: JsonObject): JsonObject[] {
    const now = Date.now();
    const { visibilitySeconds, retentionSeconds } = this.#queues.get(queue)!;
    this.#db.prepare('DELETE FROM message WHERE queue = ? AND sent < ?').run(queue, now - retentionSeconds * 1_000);
    const rows = this.#db
      .prepare('SELECT * FROM message WHERE queue = ? AND visible <= ? ORDER BY sent, rowid LIMIT ?')
      .all(queue, now, Number(input['MaxNumberOfMessages'] ?? 1));
    const hidden = now + Number(input['VisibilityTimeout'] ?? visibilitySeconds) * 1_000;
    return rows.map((row) => {
      const receipt = randomUUID();
      const taken = 'UPDATE message SET visible = ?, receipt = ?, received = received + 1 WHERE id = ?';
      this.#db.prepare(taken).run(hidden, receipt, row['id']!);
      const attributes = JSON.parse(String(row['attributes'])) as JsonObject;
      return {
        MessageId: row['id'],
        ReceiptHandle: receipt,
        Body: row['body'],
        MD5OfBody: md5(String(row['body'])),
        Attributes: {
          SentTimestamp: String(row['sent']),
          ApproximateReceiveCount: String(Number(row['received']) + 1),
        },
        ...(Object.keys(attributes).length === 0 ? {} : { MessageAttributes: attributes }),
      };
    });
  }

  #delete(queue: string, input: JsonObject): JsonObject {
    const receipt = String(input['ReceiptHandle'] ?? '');
    this.#db.prepare('DELETE FROM message WHERE queue = ? AND receipt = ?').run(queue, receipt);
    return {};
  }

  #purge(queue: string): JsonObject {
    this.#db.prepare('DELETE FROM message WHERE queue = ?').run(queue);
    return {};
  }

  #attributes(queue: string, input: JsonObject): JsonObject {
    const count = (condition: string) => {
      const sql = `SELECT count(*) AS n FROM message WHERE queue = ? AND visible ${condition} ?`;
      return String(this.#db.prepare(sql).get(queue, Date.now())!['n']);
    };
    const { visibilitySeconds, retentionSeconds } = this.#queues.get(queue)!;
    const all = {
      ApproximateNumberOfMessages: count('<='),
      ApproximateNumberOfMessagesNotVisible: count('>'),
      MessageRetentionPeriod: String(retentionSeconds),
      QueueArn: this.arn(queue),
      VisibilityTimeout: String(visibilitySeconds),
    };
    const names = (input['AttributeNames'] ?? []) as string[];
    return {
      Attributes: Object.fromEntries(
        Object.entries(all).filter(([name]) => names.includes('All') || names.includes(name)),
      ),
    };
  }
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

const nameIn = (input: JsonObject): string =>
  String(
    input['QueueName'] ??
      String(input['QueueUrl'] ?? '')
        .split('/')
        .at(-1),
  );
