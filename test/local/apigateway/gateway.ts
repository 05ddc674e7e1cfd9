import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { Caller } from '../../../local/access/caller.ts';
import { apiGatewayAccount } from '../../../local/resources/apigateway-account.ts';
import { apiGatewayApiKey } from '../../../local/resources/apigateway-api-key.ts';
import { apiGatewayDeployment } from '../../../local/resources/apigateway-deployment.ts';
import { apiGatewayGatewayResponse } from '../../../local/resources/apigateway-gateway-response.ts';
import { apiGatewayMethod } from '../../../local/resources/apigateway-method.ts';
import { apiGatewayModel } from '../../../local/resources/apigateway-model.ts';
import { apiGatewayRequestValidator } from '../../../local/resources/apigateway-request-validator.ts';
import { apiGatewayResource } from '../../../local/resources/apigateway-resource.ts';
import { apiGatewayRestApi } from '../../../local/resources/apigateway-rest-api.ts';
import { apiGatewayStage } from '../../../local/resources/apigateway-stage.ts';
import { apiGatewayUsagePlan } from '../../../local/resources/apigateway-usage-plan.ts';
import { apiGatewayUsagePlanKey } from '../../../local/resources/apigateway-usage-plan-key.ts';
import type { ResourceType } from '../../../local/resources/resource.ts';
import { ApiGatewayService } from '../../../local/services/apigateway/service.ts';
import { FunctionPermissions } from '../../../local/services/lambda/permissions.ts';
import { type JsonObject, ServiceError } from '../../../local/services/service.ts';
import type { TemplateResource } from '../../../local/template/assembly.ts';
import { deploy } from '../../../local/template/deploy.ts';
import { DeploymentFile } from '../../../local/template/state.ts';

export interface Call {
  readonly role: string;
  readonly service: string;
  readonly action: string;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the operation
  readonly input: any;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the answer
  readonly json: any;
}

export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: unknown;
}

/** Through plain HTTP: fetch would tidy the path and refuse a GET with a body. */
export function send(url: string, method: string, path: string, { headers = {}, body }: Sent = {}): Promise<Reply> {
  const isRaw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
  const payload = isRaw ? body : JSON.stringify(body);
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const length = payload === undefined ? {} : { 'content-length': Buffer.byteLength(payload) };
    const request = httpRequest(
      { port, host: '127.0.0.1', method, path, headers: { ...length, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode!, headers: response.headers, text, json: jsonOf(text) });
        });
      },
    );
    request.on('error', reject);
    request.end(payload);
  });
}

/** An API deployed from a template, in front of services that a test plays. */
export class Gateway {
  readonly calls: Call[] = [];
  readonly failures: string[] = [];
  readonly accessLog: [group: string, line: string][] = [];
  /** What the service behind the door answers. */
  respond: (action: string, input: JsonObject) => JsonObject | Promise<JsonObject> = () => ({});
  /** What functions are asked, in the order of the calls. */
  readonly events: { functionArn: string; event: APIGatewayProxyEvent }[] = [];
  /** Of functions: whether a service may call them, and what they do. */
  permissions = new FunctionPermissions();
  invoke: (event: APIGatewayProxyEvent) => unknown = () => ({ statusCode: 200 });
  readonly service = new ApiGatewayService({
    port: 0,
    functions: {
      permissions: { allow: (...asked) => this.permissions.allow(...asked) },
      invoke: async (functionArn, payload) => {
        const event = JSON.parse(payload);
        this.events.push({ functionArn, event });
        try {
          return { requestId: 'r', failed: false, payload: JSON.stringify((await this.invoke(event)) ?? null) };
        } catch (error) {
          if (error instanceof ServiceError) throw error;
          return { requestId: 'r', failed: true, payload: JSON.stringify({ errorMessage: String(error) }) };
        }
      },
    },
    account: '000000000000',
    region: 'us-east-1',
    identities: {
      assume: (arn, principal) => ({ kind: 'role', arn: `${arn} for ${principal}` }) as Caller,
      byAccessKey: () => undefined,
    },
    frontDoor: {
      call: async (caller, service, action, input) => {
        this.calls.push({ role: caller.arn, service, action, input });
        return this.respond(action, input);
      },
      authorize: () => {},
    },
    logs: { write: (group, line) => void this.accessLog.push([group, line]) },
    failed: (message) => void this.failures.push(message),
  });

  /** Deploys a template's resources; those of other services are only named. */
  async deploy(resources: Readonly<Record<string, TemplateResource>>): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), 'pinflow-apigateway-'));
    const stack = { name: 'test', template: { Resources: resources }, tags: {}, paths: new Map<string, string>() };
    try {
      await deploy({
        assembly: { directory, stacks: [stack], assets: new Map() },
        types: [...gatewayTypes(this.service), ...others(resources)],
        target: { account: '000000000000', region: 'us-east-1' },
        file: new DeploymentFile(directory),
        notice: () => {},
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  }

  send(method: string, path: string, sent?: Sent): Promise<Reply> {
    return send(this.service.url, method, path, sent);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const gatewayTypes = (service: ApiGatewayService): ResourceType[] => [
  apiGatewayAccount(),
  apiGatewayApiKey(service),
  apiGatewayDeployment(service),
  apiGatewayGatewayResponse(service),
  apiGatewayMethod(service),
  apiGatewayModel(service),
  apiGatewayRequestValidator(service),
  apiGatewayResource(service),
  apiGatewayRestApi(service),
  apiGatewayStage(service),
  apiGatewayUsagePlan(service),
  apiGatewayUsagePlanKey(service),
];

export function others(resources: Readonly<Record<string, TemplateResource>>): ResourceType[] {
  const properties = new Map<string, Set<string>>();
  for (const { Type: type, Properties: own = {} } of Object.values(resources)) {
    if (type.startsWith('AWS::ApiGateway::')) continue;
    properties.set(type, new Set([...(properties.get(type) ?? []), ...Object.keys(own)]));
  }
  return [...properties].map(([type, names]) => ({
    type,
    implemented: [...names],
    inert: {},
    create: async ({ properties: own, logicalId }) => {
      const ref = String(own['Name'] ?? own['LogGroupName'] ?? logicalId);
      return { ref, attributes: { Arn: `arn:aws:test:us-east-1:000000000000:${ref}` } };
    },
  }));
}
