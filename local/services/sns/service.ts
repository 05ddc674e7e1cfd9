import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { AccessRequest, Caller } from '../../access/caller.ts';
import { putPublished } from '../cloudwatch/sources/observers.ts';
import type { MetricSink } from '../cloudwatch/types.ts';
import { type FrontDoor, type JsonObject, type QueryService, ServiceError } from '../service.ts';
import { openDatabase } from '../sqlite.ts';

export interface SnsOptions {
  readonly account: string;
  readonly region: string;
  /** The SQLite file. */
  readonly file: string;
  readonly frontDoor: Pick<FrontDoor, 'authorize'>;
  /** Told of each message: nobody is subscribed here but the person who watches. */
  readonly log: (line: string) => void;
  /** @default - nothing is measured */
  readonly metrics?: MetricSink;
}

export interface Notification {
  readonly id: string;
  readonly topic: string;
  readonly subject: string | null;
  readonly message: string;
  /** Milliseconds. */
  readonly time: number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS notification (
    id TEXT PRIMARY KEY, topic TEXT NOT NULL, subject TEXT, message TEXT NOT NULL, time INTEGER NOT NULL
  );
`;

/** SNS: topics whose messages are kept and told. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
export class SnsService implements QueryService {
  readonly name = 'sns';
  readonly xmlNamespace = 'http://sns.amazonaws.com/doc/2010-03-31/';
  readonly #options: SnsOptions;
  readonly #db: DatabaseSync;
  readonly #topics = new Set<string>();

  constructor(options: SnsOptions) {
    this.#options = options;
    this.#db = openDatabase(options.file, SCHEMA);
  }

  close(): void {
    this.#db.close();
  }

  /** @returns its ARN */
  putTopic(name: string): string {
    const arn = `arn:aws:sns:${this.#options.region}:${this.#options.account}:${name}`;
    this.#topics.add(arn);
    return arn;
  }

  removeTopic(arn: string): void {
    this.#topics.delete(arn);
  }

  /** What was published, the newest first. */
  notifications(topicArn: string): Notification[] {
    const sql = 'SELECT * FROM notification WHERE topic = ? ORDER BY time DESC, rowid DESC';
    return this.#db.prepare(sql).all(topicArn) as unknown as Notification[];
  }

  /** `Publish` of a service of this process. @throws ServiceError */
  async publish(caller: Caller, input: JsonObject): Promise<JsonObject> {
    const topic = String(input['TopicArn'] ?? '');
    this.#options.frontDoor.authorize(caller, { action: 'sns:Publish', resource: topic });
    const subject = input['Subject'];
    return this.#publish(topic, String(input['Message'] ?? ''), subject === undefined ? null : String(subject));
  }

  /** What CloudWatch publishes of an alarm. @throws ServiceError NotFound */
  notify(topicArn: string, subject: string, message: string): void {
    this.#publish(topicArn, message, subject);
  }

  access(action: string, parameters: URLSearchParams): readonly AccessRequest[] {
    if (action !== 'Publish') {
      throw new ServiceError('InvalidAction', `The local SNS does not have the action ${action}.`);
    }
    return [{ action: 'sns:Publish', resource: parameters.get('TopicArn') ?? '' }];
  }

  async call(_action: string, parameters: URLSearchParams): Promise<JsonObject> {
    return this.#publish(parameters.get('TopicArn') ?? '', parameters.get('Message') ?? '', parameters.get('Subject'));
  }

  #publish(topic: string, message: string, subject: string | null): JsonObject {
    if (!this.#topics.has(topic)) throw new ServiceError('NotFound', 'Topic does not exist', 404);
    if (message === '') throw new ServiceError('InvalidParameter', 'Invalid parameter: Empty message');
    const id = randomUUID();
    this.#db.prepare('INSERT INTO notification VALUES (?, ?, ?, ?, ?)').run(id, topic, subject, message, Date.now());
    this.#options.log(`${topic.split(':').at(-1)}: ${subject ?? message}`);
    if (this.#options.metrics !== undefined) putPublished(this.#options.metrics, topic);
    return { MessageId: id };
  }
}
