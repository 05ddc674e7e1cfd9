import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Caller } from '../../../local/access/caller.ts';
import { failureOf } from '../../../local/engines/spark/failure.ts';
import type { Observation } from '../../../local/services/cloudwatch/types.ts';
import { argumentProblems, sparkRequest } from '../../../local/services/glue/job-arguments.ts';
import { runJob } from '../../../local/services/glue/job-runner.ts';
import { GlueJobs, type RunOrder, type StartedRun } from '../../../local/services/glue/jobs.ts';
import { LogsService } from '../../../local/services/logs/service.ts';
import type { JsonObject } from '../../../local/services/service.ts';
import { sparkInstallation } from '../../../setup/paths.mjs';

const PLACE = { account: '000000000000', region: 'us-east-1' };
const role: Caller = { kind: 'role', arn: 'arn:aws:iam::000000000000:role/r', accessKeyId: 'A', secretAccessKey: 'S' };
const identities = { assume: () => role };
const JOB = {
  name: 'clean',
  roleArn: role.arn,
  script: 's3://assets/script.py',
  arguments: { '--conf': 'spark.a=1 --conf spark.b=x=y', '--own': 'default', '--datalake-formats': 'iceberg' },
  timeoutMinutes: 1,
  maxConcurrentRuns: 1,
  glueVersion: '5.1',
  workerType: 'G.1X',
  workers: 2,
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));

const call = async (jobs: GlueJobs, operation: string, input: JsonObject) =>
  (await jobs.operations[operation]!.call({ JobName: 'clean', ...input }, role)) as Record<string, unknown>;

async function ended(jobs: GlueJobs, RunId: string): Promise<Record<string, unknown>> {
  for (;;) {
    const { JobRun } = await call(jobs, 'GetJobRun', { RunId });
    const run = JobRun as Record<string, unknown>;
    if (!['RUNNING', 'STOPPING'].includes(String(run['JobRunState']))) return run;
    await sleep(20);
  }
}

describe('arguments', () => {
  test('one argument holds every setting; the rest are lists and prefixes', () => {
    expect(sparkRequest({ ...JOB.arguments, '--extra-py-files': 's3://a/b.zip,s3://a/c.py' })).toEqual({
      conf: { 'spark.a': '1', 'spark.b': 'x=y' },
      pythonFiles: ['s3://a/b.zip', 's3://a/c.py'],
      logGroup: '/aws-glue/jobs',
    });
  });

  test.each([
    [{ '--extra-jars': 's3://a/b.jar' }, '--extra-jars'],
    [{ '--datalake-formats': 'hudi' }, '--datalake-formats hudi'],
    [{ '--job-bookmark-option': 'job-bookmark-enable' }, 'job-bookmark-enable'],
  ])('%j is refused', (given, named) => {
    expect(argumentProblems(given as Record<string, string>)).toEqual([expect.stringContaining(named)]);
  });

  test('those of the job are its own affair', () => {
    expect(argumentProblems({ ...JOB.arguments, '--job-bookmark-option': 'job-bookmark-disable' })).toEqual([]);
  });
});

test('the last exception is what a failed run tells', () => {
  const python = ['WARN x', 'Traceback (most recent call last):', '  File "a.py", line 1', 'a.b.OddError: no', ''];
  expect(failureOf(python, 'exit code 1')).toBe('a.b.OddError: no');
  expect(failureOf([...python.slice(0, 3), 'py4j.Py4JJavaError: in o1.', ': java.X: why', '\tat y'], '')).toBe(
    'py4j.Py4JJavaError: in o1.: java.X: why',
  );
  expect(failureOf(['killed'], 'SIGKILL')).toBe('The script ended with SIGKILL: killed');
});

describe('runs', () => {
  const orders: RunOrder[] = [];
  let finish: (error: string | undefined) => void;
  let jobs: GlueJobs;

  const open = () => {
    jobs = new GlueJobs({
      ...PLACE,
      file: join(directory, 'jobs.sqlite'),
      identities,
      run: (order): StartedRun => {
        orders.push(order);
        const { promise, resolve } = Promise.withResolvers<string | undefined>();
        finish = resolve;
        return { ended: promise, stop: () => resolve('stopped') };
      },
    });
    jobs.define(JOB);
  };
  beforeEach(open);
  afterEach(() => jobs.close());

  const start = async (input: JsonObject = {}) => String((await call(jobs, 'StartJobRun', input))['JobRunId']);

  test('a run has the arguments of the job and its own, which win', async () => {
    const id = await start({ Arguments: { '--own': 'mine', '--more': '1' } });
    expect(orders.at(-1)).toMatchObject({
      id,
      script: JOB.script,
      arguments: { '--own': 'mine', '--more': '1', '--JOB_NAME': 'clean', '--JOB_RUN_ID': id },
    });
    finish(undefined);
    expect(await ended(jobs, id)).toMatchObject({
      JobRunState: 'SUCCEEDED',
      Arguments: { '--own': 'mine', '--more': '1' },
    });
  });

  test('what it died of is told', async () => {
    const id = await start();
    finish('ValueError: no');
    expect(await ended(jobs, id)).toMatchObject({ JobRunState: 'FAILED', ErrorMessage: 'ValueError: no' });
  });

  test('an end that cannot be kept for a while is kept then', async () => {
    const id = await start();
    const other = new DatabaseSync(join(directory, 'jobs.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    finish(undefined);
    await sleep(200);
    other.close();
    expect(await ended(jobs, id)).toMatchObject({ JobRunState: 'SUCCEEDED' });
  });

  test('not more runs at once than the job allows', async () => {
    await start();
    await expect(start()).rejects.toMatchObject({ code: 'ConcurrentRunsExceededException' });
  });

  test('a run can be stopped', async () => {
    const id = await start();
    const answer = await call(jobs, 'BatchStopJobRun', { JobRunIds: [id, 'jr_other'] });
    expect(answer).toMatchObject({ SuccessfulSubmissions: [{ JobRunId: id }], Errors: [{ JobRunId: 'jr_other' }] });
    expect(await ended(jobs, id)).toMatchObject({ JobRunState: 'STOPPED' });
  });

  test('a run that takes too long', async () => {
    const id = await start({ Timeout: 0.001 });
    expect(await ended(jobs, id)).toMatchObject({ JobRunState: 'TIMEOUT' });
  });

  test('what was running when the runtime stopped has failed', async () => {
    const id = await start();
    await jobs.close();
    open();
    expect(await ended(jobs, id)).toMatchObject({
      JobRunState: 'FAILED',
      ErrorMessage: expect.stringContaining('stopped'),
    });
  });

  test('an argument that is not carried out, a job that is not there', async () => {
    await expect(start({ Arguments: { '--extra-jars': 'x' } })).rejects.toMatchObject({
      code: 'InvalidInputException',
    });
    await expect(start({ JobName: 'other' })).rejects.toMatchObject({ code: 'EntityNotFoundException' });
  });
});

describe('PySpark', () => {
  const SCRIPT = `
import json, os, sys, time
from awsglue.context import GlueContext
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
options = getResolvedOptions(sys.argv, ["JOB_NAME", "what"])
spark = GlueContext(SparkContext.getOrCreate()).spark_session
total = spark.range(10).selectExpr("sum(id)").first()[0]
print(options["JOB_NAME"], total, spark.conf.get("spark.own.setting"))
jvm = spark.sparkContext._gateway.jvm
print("folders:", [path for path in jvm.java.lang.System.getProperty("java.class.path").split(":") if os.path.isdir(path)])
print(json.dumps({"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [
    {"Namespace": "T", "Dimensions": [[]], "Metrics": [{"Name": "Total"}]}]}, "Total": total}))
if options["what"] == "fail":
    raise ValueError("asked for")
if options["what"] == "die":
    jvm.java.lang.Runtime.getRuntime().halt(9)
    spark.range(1).count()
`;
  let bucket: Server;
  let endpoint: string;

  beforeAll(async () => {
    bucket = createServer((_, response) => response.end(SCRIPT));
    await new Promise<void>((resolve) => bucket.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(bucket.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    bucket.close();
  });

  test('a script succeeds, throws, and loses its Java', async () => {
    const measured: Observation[] = [];
    const metrics = { put: (observation: Observation) => void measured.push(observation) };
    const logs = new LogsService({ ...PLACE, file: join(directory, 'logs.sqlite'), metrics });
    const { python, javaHome, jars, modules } = sparkInstallation();
    const installation = { python, javaHome, jars, modules, heap: '512m' };
    const frontDoor = { authorize: () => {} };
    const jobs = new GlueJobs({
      ...PLACE,
      file: join(directory, 'jobs.sqlite'),
      identities,
      run: (order) =>
        runJob({ installation, stateDir: directory, endpoint, region: PLACE.region, frontDoor, logs }, order),
    });
    const more = { timeoutMinutes: 5, maxConcurrentRuns: 3 };
    jobs.define({ ...JOB, ...more, arguments: { '--conf': 'spark.own.setting=7' } });
    try {
      const [well, thrown, died] = await Promise.all(
        ['work', 'fail', 'die'].map(async (what) => {
          const { JobRunId } = await call(jobs, 'StartJobRun', { Arguments: { '--what': what } });
          return ended(jobs, String(JobRunId));
        }),
      );
      expect(well).toMatchObject({ JobRunState: 'SUCCEEDED' });
      expect(thrown).toMatchObject({ JobRunState: 'FAILED', ErrorMessage: 'ValueError: asked for' });
      expect(died).toMatchObject({ JobRunState: 'FAILED' });
      const events = logs.store.events({ group: '/aws-glue/jobs/output', streams: [String(well!['Id'])], limit: 10 });
      const printed = events.map(({ message }) => message);
      expect(printed).toContain('clean 45 7');
      // One would keep Java from the archive of classes.
      expect(printed).toContain('folders: []');
      expect(measured).toContainEqual(expect.objectContaining({ namespace: 'T', name: 'Total', value: [45] }));
    } finally {
      await jobs.close();
      logs.close();
    }
  }, 330_000);
});
