import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CreateBucketCommand, HeadObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { Producer } from '@platformatic/kafka';
import { unzipSync } from 'fflate';
import { compile, pluginZip } from '../../connect/build.mjs';
import { laptop } from '../../lib/profiles/laptop.ts';
import { ConnectWorker, tokenSecurity } from '../../local/engines/connect.ts';
import { javaArguments, propertiesText } from '../../local/engines/jvm.ts';
import { unsecuredToken } from '../../local/engines/kafka/token.ts';
import { putTopic } from '../../local/engines/kafka/topics.ts';
import { Kafka, SUPER_USER } from '../../local/engines/kafka.ts';
import { MiniStack } from '../../local/engines/ministack.ts';
import { recordsMetadata } from '../../model/raw-line.ts';
import { kafkaInstallation, pythonPath } from '../../setup/paths.mjs';
import { postsFrom } from '../events.ts';
import { ratio, type Section } from '../report.ts';
import { cpuMsOf } from '../runtime.ts';
import type { Surroundings } from '../surroundings.ts';

const topic = 'demo.pin';
const bucket = 'raw';
const region = 'us-east-1';
const bytesConverter = 'org.apache.kafka.connect.converters.ByteArrayConverter';
/** Records of one produce, and posts that are different. */
const batch = 2_000;
const heap = '256m';
const rounds = 3;

/**
 * A topic of pin rows to objects in S3, by the plugin and the flush policy of the laptop, beside a consumer in Java that
 * reads the same topic and does nothing, and one that compresses what it reads. All get the same heap, and the quickest of
 * some rounds of a consumer counts.
 */
export async function drainSection(surroundings: Surroundings, records: number): Promise<Section> {
  const { closing, directory, note } = surroundings;
  const stateDir = join(directory, 'drain');
  const log = (line: string) => note(line);
  const installation = kafkaInstallation();
  const [ministack, kafka] = await Promise.all([
    MiniStack.start({ python: pythonPath(), stateDir, region, log }),
    Kafka.start({ installation, stateDir, log }),
  ]);
  closing.add('MiniStack', () => ministack.stop());
  closing.add('Kafka', () => kafka.stop());
  const endpoint = `http://127.0.0.1:${ministack.port}`;
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
  const s3 = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const configs = { 'message.timestamp.type': 'LogAppendTime' };
  await kafka.administer((admin) => putTopic(admin, { name: topic, partitions: laptop.topics.partitions, configs }));

  note(`putting ${records} records into a topic`);
  await fill(kafka.bootstrapServers, records);
  note('reading them, bare');
  const bare = await bareConsumer(stateDir, kafka.bootstrapServers, records, 'nothing');
  const gzip = await bareConsumer(stateDir, kafka.bootstrapServers, records, 'gzip');
  note('draining them with Connect');
  const worker = await startWorker(stateDir, kafka.bootstrapServers, endpoint, log);
  closing.add('Connect', () => worker.stop());
  await worker.putConnector('sink', connectorSettings());
  const drain = await drained(s3, records, () => cpuMsOf(worker.pid!) ?? 0);
  s3.destroy();
  await worker.stop();
  await kafka.stop();
  await ministack.stop();
  return {
    name: 'drain',
    title: `A topic to raw: ${records} records of pin`,
    columns: ['way', 'records/s', 'of the bare consumer', 'of one that compresses', 'µs of processor a record'],
    rows: [
      ['bare consumer', bare.perSecond, 1, ratio(bare.perSecond, gzip.perSecond), bare.cpuMicros],
      ['bare consumer that compresses', gzip.perSecond, ratio(gzip.perSecond, bare.perSecond), 1, gzip.cpuMicros],
      [
        'Connect, from the first object to the last',
        drain.perSecond,
        ratio(drain.perSecond, bare.perSecond),
        ratio(drain.perSecond, gzip.perSecond),
        drain.cpuMicros,
      ],
      [
        'Connect, with the start of its task',
        drain.perSecondWithStart,
        ratio(drain.perSecondWithStart, bare.perSecond),
        ratio(drain.perSecondWithStart, gzip.perSecond),
        drain.cpuMicrosWithStart,
      ],
    ],
  };
}

async function fill(bootstrapServers: string, records: number): Promise<void> {
  const rows = postsFrom(0, batch).map(({ pin }) => Buffer.from(JSON.stringify(pin)));
  const producer = new Producer<Buffer, Buffer, Buffer, Buffer>({
    clientId: 'bench',
    bootstrapBrokers: [bootstrapServers],
    sasl: { mechanism: 'OAUTHBEARER', token: async () => unsecuredToken(SUPER_USER) },
  });
  for (let sent = 0; sent < records; sent += batch) {
    const messages = rows
      .slice(0, records - sent)
      .map((value, at) => ({ topic, value, partition: at % laptop.topics.partitions }));
    for (let at = 0; at < messages.length; at += batch / 4)
      await producer.send({ messages: messages.slice(at, at + batch / 4) });
  }
  await producer.close();
}

interface Drain {
  readonly perSecond: number;
  /** Microseconds of processor a record: 0 where the system does not tell. */
  readonly cpuMicros: number;
}

async function bareConsumer(
  stateDir: string,
  bootstrapServers: string,
  records: number,
  doing: 'gzip' | 'nothing',
): Promise<Drain> {
  const classes = join(stateDir, 'classes');
  compile(join(import.meta.dirname, 'java'), classes);
  const settings = join(stateDir, 'consumer.properties');
  writeFileSync(settings, propertiesText({ ...tokenSecurity(SUPER_USER), 'bootstrap.servers': bootstrapServers }));
  const { java, jars } = kafkaInstallation();
  const args = javaArguments(
    { java, jars: [...jars, classes] },
    { mainClass: 'BareConsumer', heap, arguments: [settings, topic, String(records), doing] },
  );
  let best: Drain = { perSecond: 0, cpuMicros: 0 };
  for (let round = 0; round < rounds; round++) {
    const { stdout } = await promisify(execFile)(java, args);
    const [ms, cpuMs] = stdout.trim().split('\n').at(-1)!.split(' ').map(Number);
    const perSecond = perSecondOf(records, ms!);
    if (perSecond > best.perSecond) best = { perSecond, cpuMicros: microsOf(records, cpuMs!) };
  }
  return best;
}

function startWorker(stateDir: string, bootstrapServers: string, endpoint: string, log: (line: string) => void) {
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(pluginZip())))) {
    const file = join(stateDir, 'plugins', 'sink', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  return ConnectWorker.start({
    installation: kafkaInstallation(),
    stateDir,
    name: 'bench',
    bootstrapServers,
    names: { group: 'workers', configTopic: 'configs', offsetTopic: 'offsets', statusTopic: 'statuses' },
    security: tokenSecurity(SUPER_USER),
    pluginPath: [join(stateDir, 'plugins')],
    environment: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
    },
    heap,
    log,
  });
}

function connectorSettings(): Readonly<Record<string, string>> {
  const { flush, tasks } = laptop.sink;
  return {
    'connector.class': 'dev.pinflow.connect.S3SinkConnector',
    'tasks.max': String(tasks),
    topics: topic,
    'key.converter': bytesConverter,
    'value.converter': bytesConverter,
    's3.bucket': bucket,
    's3.region': region,
    feeds: `${topic}:pin`,
    'flush.records': String(flush.records),
    'flush.bytes': String(flush.bytes),
    'flush.interval.ms': String(flush.seconds * 1_000),
  };
}

const pollMs = 50;
const limitMs = 600_000;

const perSecondOf = (records: number, ms: number): number => Math.round((records * 1_000) / Math.max(1, ms));
const microsOf = (records: number, ms: number): number => Math.round((ms * 10_000) / records) / 10;

/** Watches the bucket until every record is in an object. @param cpuMs of the worker so far */
async function drained(
  s3: S3Client,
  records: number,
  cpuMs: () => number,
): Promise<Drain & { perSecondWithStart: number; cpuMicrosWithStart: number }> {
  const began = performance.now();
  const cpuBefore = cpuMs();
  const seen = new Set<string>();
  let landed = 0;
  let first: { readonly at: number; readonly cpu: number; readonly landed: number } | undefined;
  while (performance.now() - began < limitMs) {
    const at = performance.now();
    for await (const { Contents } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket })) {
      for (const Key of (Contents ?? []).map((object) => object.Key!).filter((key) => !seen.has(key))) {
        const { Metadata } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key }));
        landed += Number(Metadata?.[recordsMetadata]);
        seen.add(Key);
      }
    }
    const cpu = cpuMs();
    if (landed > 0) first ??= { at, cpu, landed };
    if (landed >= records) {
      const perSecondWithStart = perSecondOf(landed, at - began);
      const cpuMicrosWithStart = microsOf(landed, cpu - cpuBefore);
      const between = landed - first!.landed;
      // All in one glance: there is nothing between a first and a last object.
      if (between === 0) {
        return { perSecond: perSecondWithStart, cpuMicros: cpuMicrosWithStart, perSecondWithStart, cpuMicrosWithStart };
      }
      return {
        perSecond: perSecondOf(between, at - first!.at),
        cpuMicros: microsOf(between, cpu - first!.cpu),
        perSecondWithStart,
        cpuMicrosWithStart,
      };
    }
    await sleep(pollMs);
  }
  throw new Error(`Connect landed ${landed} of ${records} records in ${limitMs / 1_000} s`);
}
