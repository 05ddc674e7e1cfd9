import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authorizer } from '../../local/access/authorizer.ts';
import { RoleDirectory } from '../../local/access/identities.ts';
import { CallRecorder } from '../../local/access/recorder.ts';
import { HttpFrontDoor } from '../../local/front-door.ts';
import { iamRole } from '../../local/resources/iam-role.ts';
import { kinesisStream } from '../../local/resources/kinesis-stream.ts';
import { ApiGatewayService } from '../../local/services/apigateway/service.ts';
import { KinesisService } from '../../local/services/kinesis/service.ts';
import type { JsonObject } from '../../local/services/service.ts';
import { deploy } from '../../local/template/deploy.ts';
import { DeploymentFile } from '../../local/template/state.ts';
import { type StackTemplate, synth } from '../app/synth.ts';
import { gatewayTypes, others, type Reply, type Sent, send } from '../local/apigateway/gateway.ts';

const TARGET = { account: '000000000000', region: 'us-east-1' };
const REAL = ['AWS::IAM::Role', 'AWS::Kinesis::Stream'];

const templates = new Map<string, StackTemplate>();

/** Synthesized once for each combination. */
function templateOf(profile: string, auth: string): StackTemplate {
  const key = `${profile} ${auth}`;
  if (!templates.has(key)) templates.set(key, synth(profile, {}, 'demo', auth, 'off').templates.ingest);
  return templates.get(key)!;
}

export interface DoorOptions {
  readonly profile?: string;
  readonly auth?: string;
}

/** The synthesized ingest stack without the topics door, on the local Kinesis, with the roles of the template. */
export class Door {
  readonly template: StackTemplate;
  readonly kinesis: KinesisService;
  readonly gateway: ApiGatewayService;
  readonly identities: RoleDirectory;
  readonly outputs: Readonly<Record<string, string>>;
  readonly failures: string[];
  readonly #clean: () => void;

  private constructor(parts: Omit<Door, 'send' | 'close' | 'records' | 'streams'> & { clean: () => void }) {
    this.template = parts.template;
    this.kinesis = parts.kinesis;
    this.gateway = parts.gateway;
    this.identities = parts.identities;
    this.outputs = parts.outputs;
    this.failures = parts.failures;
    this.#clean = parts.clean;
  }

  static async open({ profile = 'laptop', auth = 'none' }: DoorOptions = {}): Promise<Door> {
    const directory = mkdtempSync(join(tmpdir(), 'pinflow-door-'));
    const template = templateOf(profile, auth);
    const identities = new RoleDirectory(TARGET.account);
    const recorder = new CallRecorder({ file: join(directory, 'calls.jsonl') });
    const authorizer = new Authorizer({ account: TARGET.account, identities, recorder, refused: () => {} });
    const failures: string[] = [];
    const frontDoor = new HttpFrontDoor({
      identities,
      authorizer,
      health: () => ({ ready: true }),
      fault: (error) => void failures.push(String(error)),
    });
    const kinesis = await KinesisService.open({ ...TARGET, directory: join(directory, 'kinesis') });
    frontDoor.addJson(kinesis);
    const gateway = new ApiGatewayService({
      ...TARGET,
      frontDoor,
      identities,
      functions: {
        permissions: { allow: () => false },
        invoke: async () => {
          throw new Error('there are no functions');
        },
      },
      port: 0,
      logs: { write: () => {} },
      failed: (message) => void failures.push(message),
    });
    const stack = { name: 'ingest', template, tags: {}, paths: new Map<string, string>() };
    const fake = others(template.Resources).filter(({ type }) => !REAL.includes(type));
    const deployed = await deploy({
      assembly: { directory, stacks: [stack], assets: new Map() },
      types: [...gatewayTypes(gateway), iamRole(identities), kinesisStream(kinesis), ...fake],
      target: TARGET,
      file: new DeploymentFile(directory),
      notice: () => {},
    });
    await gateway.listen();
    const { outputs } = Object.values(deployed)[0]!;
    return new Door({
      template,
      kinesis,
      gateway,
      identities,
      failures,
      clean: () => {
        recorder.flush();
        rmSync(directory, { recursive: true });
      },
      outputs: Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, output.value])),
    });
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await this.kinesis.close();
    this.#clean();
  }

  send(method: string, path: string, sent?: Sent): Promise<Reply> {
    return send(this.gateway.url, method, path, sent);
  }

  /** Names of all the streams there are. */
  async streams(): Promise<string[]> {
    return (await this.kinesis.call('ListStreams', {}))['StreamNames'] as string[];
  }

  /** What a stream holds: Data, as text, and partition keys. */
  async records(stream: string): Promise<{ data: string; key: string }[]> {
    const { Shards } = (await this.kinesis.call('ListShards', { StreamName: stream })) as {
      Shards: { ShardId: string }[];
    };
    const found: { data: string; key: string }[] = [];
    for (const { ShardId } of Shards) {
      let input: JsonObject = { StreamName: stream, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
      input = { ShardIterator: (await this.kinesis.call('GetShardIterator', input))['ShardIterator'] };
      for (;;) {
        const { Records, NextShardIterator } = (await this.kinesis.read(input)) as {
          Records: { Data: string; PartitionKey: string }[];
          NextShardIterator: string;
        };
        if (Records.length === 0) break;
        for (const { Data, PartitionKey } of Records) {
          found.push({ data: Buffer.from(Data, 'base64').toString('utf8'), key: PartitionKey });
        }
        input = { ShardIterator: NextShardIterator };
      }
    }
    return found;
  }
}
