import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { localKey, localRegion } from '../cli/aws.ts';
import { asciiJson, recordBody } from '../cli/emulator/door.ts';
import { feedNames } from '../cli/emulator/posts.ts';
import { Context } from '../local/services/apigateway/context.ts';
import { Payload } from '../local/services/apigateway/vtl/scope.ts';
import { Template } from '../local/services/apigateway/vtl/template.ts';
import { Child } from './child.ts';
import { compare } from './compare.ts';
import { averagePin, postsFrom } from './events.ts';
import { answersPerSecond, httpRequest } from './load.ts';
import type { BareServerDuties } from './processes/bare-server.ts';
import { type Cell, ratio, type Section } from './report.ts';
import { HostedRuntime } from './runtime.ts';
import type { Surroundings } from './surroundings.ts';

const rounds = { count: 5, ms: 400 };
const connectionCounts = [1, 8, 32];
const load = { warmMs: 500, ms: 2_500 };

/** The mapping templates by themselves, and requests through the whole door; nothing reads the streams meanwhile. */
export async function door(surroundings: Surroundings): Promise<readonly Section[]> {
  const { closing, directory, note, profile } = surroundings;
  note('starting the runtime, without event source mappings');
  const runtime = new HostedRuntime(closing);
  const { endpoint, apiUrl, assembly } = await runtime.start({ stateDir: join(directory, 'state'), mapped: false });
  const bare = new Child<BareServerDuties>('bare-server.ts');
  closing.add('the bare server', () => bare.stop());
  const barePort = await bare.ask('listen');
  note('rendering templates');
  const templates = await renders(assembly);
  note('sending requests');
  if (profile !== undefined) await runtime.profile();
  const requests = await throughTheDoor(runtime, portOf(apiUrl), portOf(endpoint), barePort);
  if (profile !== undefined) await runtime.profiled(join(profile, 'door.cpuprofile'));
  return [templates, requests];
}

async function renders(assembly: string): Promise<Section> {
  const stream = 'streaming-demo-pin';
  const { row, bytes } = averagePin();
  const one = recordBody(stream, row, 'bench');
  const many = asciiJson({ records: Array.from({ length: 500 }, () => ({ data: row, 'partition-key': 'bench' })) });
  const rows: Cell[][] = [];
  for (const [title, action, body] of [
    [`put-record, one row of ${bytes} bytes`, 'PutRecord', one],
    ['put-records, 500 of them', 'PutRecords', many],
  ] as const) {
    const template = new Template(requestTemplate(assembly, action), action);
    const render = () =>
      template.render({
        payload: new Payload(body),
        parameters: { path: { 'stream-name': stream }, querystring: {}, header: {} },
        context: new Context(),
        stageVariables: {},
      });
    JSON.parse(render());
    const rates = await compare(
      {
        rendered: () => {
          render();
          return 1;
        },
        json: () => {
          JSON.stringify(JSON.parse(body));
          return 1;
        },
      },
      rounds,
    );
    rows.push([title, rates.rendered, rates.json, ratio(rates.rendered, rates.json)]);
  }
  return {
    name: 'templates',
    title: 'Renders a second of the request templates, beside JSON.parse and stringify of the same body',
    columns: ['template', 'rendered', 'JSON', 'ratio'],
    rows,
  };
}

/** As it is deployed. */
function requestTemplate(assembly: string, action: string): string {
  interface Method {
    readonly Type: string;
    readonly Properties: { readonly Integration?: { readonly Uri?: unknown; readonly RequestTemplates?: unknown } };
  }
  const text = readFileSync(join(assembly, 'pinflow-demo-ingest.template.json'), 'utf8');
  const { Resources } = JSON.parse(text) as { Resources: Record<string, Method> };
  for (const { Type: type, Properties: own } of Object.values(Resources)) {
    if (type !== 'AWS::ApiGateway::Method') continue;
    if (!JSON.stringify(own.Integration?.Uri ?? '').includes(`kinesis:action/${action}"`)) continue;
    const template = (own.Integration?.RequestTemplates as Record<string, unknown> | undefined)?.['application/json'];
    if (typeof template === 'string') return template;
  }
  throw new RangeError(`No method of the assembly has a mapping template for ${action}`);
}

async function throughTheDoor(
  runtime: HostedRuntime,
  apiPort: number,
  endpointPort: number,
  barePort: number,
): Promise<Section> {
  // Three streams, as clients send it: one alone takes 2,000 records a second.
  const records = postsFrom(0, 200).flatMap((post, at) =>
    feedNames.map((feed) => ({ stream: `streaming-demo-${feed}`, row: post[feed], key: String(at) })),
  );
  const json = { 'content-type': 'application/json' };
  const posts = records.map(({ stream, row, key }) =>
    httpRequest('PUT', `/prod/streams/${stream}/record`, json, recordBody(stream, row, key)),
  );
  const puts = records.map(({ stream, row, key }) =>
    httpRequest(
      'POST',
      '/',
      {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'Kinesis_20131202.PutRecord',
        // The local front door asks who calls, not for a proof of it.
        authorization: `AWS4-HMAC-SHA256 Credential=${localKey.accessKeyId}/20260101/${localRegion}/kinesis/aws4_request, SignedHeaders=host, Signature=none`,
      },
      JSON.stringify({
        StreamName: stream,
        PartitionKey: key,
        Data: Buffer.from(JSON.stringify(row)).toString('base64'),
      }),
    ),
  );
  const rows: Cell[][] = [];
  for (const connections of connectionCounts) {
    const bare = await answersPerSecond({ ...load, port: barePort, requests: posts, connections });
    const direct = await answersPerSecond({ ...load, port: endpointPort, requests: puts, connections });
    const cpu = runtime.cpuMs().get('runtime') ?? Number.NaN;
    const through = await answersPerSecond({ ...load, port: apiPort, requests: posts, connections });
    const busy = (runtime.cpuMs().get('runtime') ?? Number.NaN) - cpu;
    const cpuEach = Math.round((busy * 1000) / ((through * (load.warmMs + load.ms)) / 1000));
    const cpuCell = Number.isNaN(cpuEach) ? '-' : cpuEach;
    rows.push([connections, through, direct, bare, ratio(through, direct), ratio(through, bare), cpuCell]);
  }
  return {
    name: 'requests',
    title: 'Requests a second over kept connections: rows through the door into their streams',
    columns: ['connections', 'door', 'PutRecord', 'bare server', 'of PutRecord', 'of bare server', 'µs of processor'],
    rows,
  };
}

const portOf = (url: string): number => Number(new URL(url).port);
