import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { putApiRequest } from '../cloudwatch/sources/observers.ts';
import type { MetricSink } from '../cloudwatch/types.ts';
import { ApiKeys } from './api-keys.ts';
import { ApiGatewayConfigurationError } from './errors.ts';
import type { Answer } from './gateway-responses.ts';
import type { Services } from './integration.ts';
import type { OpenApiDocument } from './openapi.ts';
import { type Hooks, handle } from './request.ts';
import { RestApi, type Snapshot } from './rest-api.ts';
import { Stage, type StageProperties } from './stage.ts';

/** Where log lines go: CloudWatch Logs of the runtime. */
export interface LogSink {
  write(logGroupArn: string, line: string): void;
}

export interface ApiGatewayOptions extends Services {
  readonly logs: LogSink;
  /** 0 takes any free port. */
  readonly port: number;
  /**
   * Told what callers see as a bare 5xx, with the template or the stack.
   * @default - standard error
   */
  readonly failed?: (message: string) => void;
  /** @default - nothing is measured */
  readonly metrics?: MetricSink;
}

export const OPENAPI_PATH = '/_pinflow/openapi.json';
/** For clients that keep connections: longer than they usually do. */
const KEEP_ALIVE_MS = 65_000;

/** REST APIs on a loopback port. A deployed stage answers at once; nothing is kept over a restart. */
export class ApiGatewayService {
  readonly #options: ApiGatewayOptions;
  readonly #server: Server;
  readonly #hooks: Hooks;
  readonly apiKeys = new ApiKeys();
  readonly #apis = new Map<string, RestApi>();
  readonly #deployments = new Map<string, Snapshot>();
  #stage: Stage | undefined;
  #description: ((url: string) => OpenApiDocument) | undefined;

  constructor(options: ApiGatewayOptions) {
    this.#options = options;
    this.#hooks = {
      failed: options.failed ?? ((message) => console.error(message)),
      accessed: ({ accessLog }, line) => options.logs.write(accessLog!.group, line),
      answered: (request) => options.metrics && putApiRequest(options.metrics, request),
    };
    this.#server = createServer(
      { keepAliveTimeout: KEEP_ALIVE_MS },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.on('clientError', refuse);
  }

  /** @throws Error EADDRINUSE when the port is taken. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /** `http://127.0.0.1:8000`, once it listens. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The same; undefined before. */
  get endpoint(): string | undefined {
    return this.#server.listening ? this.url : undefined;
  }

  addApi(id: string, rootId: string, binaryMediaTypes: readonly string[] = [], name = id): void {
    this.#apis.set(id, new RestApi(id, rootId, binaryMediaTypes, name));
  }

  /** @throws ApiGatewayConfigurationError */
  api(id: string, place: string): RestApi {
    const api = this.#apis.get(id);
    if (!api) throw new ApiGatewayConfigurationError(place, `there is no REST API ${id}`);
    return api;
  }

  deploy(apiId: string, deploymentId: string, place: string): void {
    this.#deployments.set(deploymentId, this.api(apiId, place).freeze(place));
  }

  /** @throws ApiGatewayConfigurationError */
  serve(properties: StageProperties, deploymentId: string, place: string): void {
    const snapshot = this.#deployments.get(deploymentId);
    if (!snapshot) throw new ApiGatewayConfigurationError(place, `there is no deployment ${deploymentId}`);
    const other = this.#stage;
    if (other && (other.name !== properties.StageName || other.api.apiId !== snapshot.apiId)) {
      throw new ApiGatewayConfigurationError(
        place,
        `stage ${other.name} is served already: one stage of one API is known here`,
      );
    }
    this.#stage = new Stage(properties, snapshot, this.apiKeys, place);
  }

  /** Sets what `GET /_pinflow/openapi.json` answers; it is told the URL of the stage. */
  describe(description: (url: string) => OpenApiDocument): void {
    this.#description = description;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#stage && this.#description && request.method === 'GET' && request.url === OPENAPI_PATH) {
      const document = this.#description(`${this.url}/${this.#stage.name}`);
      return send(response, 200, { 'access-control-allow-origin': '*' }, JSON.stringify(document, null, 2));
    }
    if (!this.#stage) return send(response, 503, {}, '{"message":"No stage is deployed yet"}');
    try {
      const { status, headers, body } = await handle(request, this.#stage, this.#options, this.#hooks);
      send(response, status, headers, body);
    } catch (error) {
      this.#hooks.failed(`API Gateway: ${(error as Error).stack}`);
      if (!response.headersSent) send(response, 500, {}, '{"message":"Internal server error"}');
    }
  }
}

function send(response: ServerResponse, status: number, headers: Answer['headers'], body: Answer['body']): void {
  const hasBody = status !== 204 && status !== 304;
  const type = hasBody && !('content-type' in headers) ? { 'content-type': 'application/json' } : {};
  response.writeHead(status, { ...headers, ...type, ...(hasBody && { 'content-length': Buffer.byteLength(body) }) });
  response.end(hasBody ? body : undefined);
}

/** Even what is no HTTP gets JSON: some clients parse every answer. */
function refuse(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  const body = '{"message":"Bad Request"}';
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
}
