/** What the door answers; bodies are JSON. */
export interface DoorAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  /** Seconds after which the same request may go through. */
  readonly retryAfter?: number;
}

export const KAFKA_TYPE = 'application/vnd.kafka.v2+json';
export const KAFKA_JSON_TYPE = 'application/vnd.kafka.json.v2+json';
const JSON_TYPE = 'application/json';

/** https://docs.confluent.io/platform/current/kafka-rest/api.html#errors */
export const ErrorCode = {
  notFound: 404,
  topicNotFound: 40401,
  partitionNotFound: 40402,
  methodNotAllowed: 405,
  tooLarge: 413,
  unsupportedMediaType: 415,
  /** A request or record of the wrong shape. */
  unprocessable: 42201,
  /** A body that is no JSON. */
  invalidJson: 42203,
  kafka: 50002,
  kafkaRetriable: 50003,
  notImplemented: 501,
  unavailable: 503,
} as const;

/** A request is refused: an error of the REST proxy, with the HTTP status that its code begins with. */
export class RefusedError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'RefusedError';
    this.code = code;
  }
}

const retryAfterSeconds = 1;

export function refusal(code: number, message: string): DoorAnswer {
  const status = Number(String(code).slice(0, 3));
  const body = JSON.stringify({ error_code: code, message });
  return { status, type: KAFKA_TYPE, body, ...(status === 503 && { retryAfter: retryAfterSeconds }) };
}

export const kafkaAnswer = (value: unknown): DoorAnswer => ({
  status: 200,
  type: KAFKA_TYPE,
  body: JSON.stringify(value),
});

export const jsonAnswer = (status: number, value: unknown): DoorAnswer => ({
  status,
  type: JSON_TYPE,
  body: JSON.stringify(value),
});
