import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { unzipSync } from 'fflate';
import { compile, packPlugin, pluginZip } from '../../connect/build.mjs';
import { jarPaths, javaPath, projectDir } from '../../setup/paths.mjs';

/** Of the simulation; each has dozens of crashes, moves and zombies. */
const schedules = Number(process.env['PINFLOW_SINK_SCHEDULES'] ?? 1_000);
const seed = Number(process.env['PINFLOW_SINK_SEED'] ?? Math.floor(Math.random() * 1e9));
const vectors = join(projectDir, 'test', 'vectors', 'raw-lines.json');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sink-'));
  compile(join(projectDir, 'connect', 'src'), join(folder, 'classes'));
  compile(join(projectDir, 'connect', 'test'), join(folder, 'tests'), [join(folder, 'classes')]);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function runTests(java: string): string {
  const jars = [...jarPaths('connect-build'), ...jarPaths('connect-plugin')];
  const classPath = [join(folder, 'tests'), join(folder, 'classes'), ...jars].join(delimiter);
  const flags = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dfile.encoding=UTF-8'];
  // A language with other digits.
  flags.push('-Duser.language=fa', '-Duser.country=IR', '-cp', classPath);
  const main = ['dev.pinflow.connect.Tests', vectors, String(schedules), String(seed)];
  const { stdout, stderr, status } = spawnSync(java, [...flags, ...main], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${stdout.slice(-2_000)}\n${stderr}`);
  return stdout;
}

/** The first of the machine's Javas that is older than what the connector is compiled on: 11 to 20. */
function olderJava(): string | undefined {
  const { JAVA_HOME_17_X64, JAVA_HOME } = process.env;
  const homes = [JAVA_HOME_17_X64, JAVA_HOME].filter((home) => home !== undefined);
  return [...homes.map((home) => join(home, 'bin', 'java')), 'java'].find((java) => {
    const { stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' });
    const major = Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0);
    return major >= 11 && major < 21;
  });
}

describe('the connector: lines, cuts, faults, and random schedules of crashes and zombies', () => {
  test('on Java 21', () => {
    expect(runTests(javaPath(21))).toContain('all passed on Java 21');
  }, 120_000);

  const older = olderJava();
  (older === undefined ? test.skip : test)(
    'on an older Java, which lacks what newer ones added',
    () => {
      expect(runTests(older!)).toContain('all passed');
    },
    120_000,
  );
});

describe('the plugin ZIP', () => {
  const zip = () => unzipSync(readFileSync(pluginZip()));

  test('is one folder of jars, and names the connector as a service', () => {
    const files = Object.keys(zip());
    expect(files.every((name) => /^pinflow-s3-sink\/[^/]+\.jar$/.test(name))).toBe(true);
    const jar = unzipSync(zip()['pinflow-s3-sink/pinflow-s3-sink.jar']!);
    const service = jar['META-INF/services/org.apache.kafka.connect.sink.SinkConnector']!;
    expect(Buffer.from(service).toString()).toBe('dev.pinflow.connect.S3SinkConnector\n');
    // Class version 55 is Java 11, which the workers of MSK Connect have.
    expect(jar['dev/pinflow/connect/S3SinkTask.class']![7]).toBe(55);
  });

  test('has nothing of Kafka, nor of MSK IAM, which the worker brings', () => {
    expect(Object.keys(zip()).filter((name) => /kafka|connect-|msk/.test(name))).toEqual([]);
  });

  test('is the same bytes each time it is made', () => {
    const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    expect(hash(packPlugin(join(folder, 'again')))).toBe(hash(readFileSync(pluginZip())));
  });
});
