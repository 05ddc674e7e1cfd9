import { mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Caller } from '../../access/caller.ts';
import { type SparkInstallation, SparkRun } from '../../engines/spark.ts';
import { type FunctionLog, openFunctionLog } from '../lambda/function-log.ts';
import type { LogsService } from '../logs/service.ts';
import type { FrontDoor } from '../service.ts';
import type { RunOrder, StartedRun } from './jobs.ts';

export interface JobRunnerOptions {
  readonly installation: SparkInstallation;
  readonly stateDir: string;
  /** Of the AWS services. */
  readonly endpoint: string;
  readonly region: string;
  readonly frontDoor: Pick<FrontDoor, 'authorize'>;
  readonly logs: LogsService;
}

/**
 * Carries out a run of a Glue job: fetches the script and its modules from S3, and runs them on PySpark, all as the job's
 * role. What is printed goes to the log groups `<prefix>/output` and `<prefix>/error`, in a stream named after the run.
 */
export function runJob(options: JobRunnerOptions, order: RunOrder): StartedRun {
  const directory = join(options.stateDir, 'glue', order.id);
  let stopped = false;
  let spark: SparkRun | undefined;
  const work = async (): Promise<string | undefined> => {
    mkdirSync(directory, { recursive: true });
    try {
      const [script, ...pythonFiles] = await fetchFiles(options, order, directory);
      if (stopped) return undefined;
      spark = new SparkRun({
        installation: options.installation,
        id: order.id,
        directory,
        engines: join(options.stateDir, 'engines'),
        endpoint: options.endpoint,
        region: options.region,
        accessKeyId: order.role.accessKeyId,
        secretAccessKey: order.role.secretAccessKey,
        script: script!,
        pythonFiles,
        arguments: Object.entries(order.arguments).flat(),
        conf: order.spark.conf,
        output: lines(log(options, order, 'output')),
        error: lines(log(options, order, 'error')),
      });
      return await spark.ended;
    } finally {
      // Java may write there for a moment still; what it leaves, the next start removes.
      await rm(directory, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
    }
  };
  return {
    ended: work(),
    stop: () => {
      stopped = true;
      spark?.stop();
    },
  };
}

const lines = (log: FunctionLog) => (line: string) => {
  if (line !== '') log.write(line);
};

const log = ({ frontDoor, logs }: JobRunnerOptions, { role, id, spark }: RunOrder, kind: string): FunctionLog =>
  openFunctionLog({ frontDoor, logs }, role, `${spark.logGroup}/${kind}`, id);

/** @returns where they are now, the script first */
async function fetchFiles(options: JobRunnerOptions, order: RunOrder, directory: string): Promise<string[]> {
  const s3 = clientOf(options, order.role);
  try {
    return await Promise.all(
      [order.script, ...order.spark.pythonFiles].map(async (address) => {
        const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(address) ?? [];
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        const file = join(directory, basename(key!));
        writeFileSync(file, await Body!.transformToByteArray());
        return file;
      }),
    );
  } finally {
    s3.destroy();
  }
}

const clientOf = ({ endpoint, region }: JobRunnerOptions, { accessKeyId, secretAccessKey }: Caller): S3Client =>
  new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
