import { join } from 'node:path';
import { archiveOptions, classArchive } from '../class-archive.ts';
import type { SparkRunOptions } from '../spark.ts';

/** Warnings and worse, to the standard error. */
export const LOGGING = `rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex
`;

/** Spark splits the options of Java as a shell would: a folder may have a space in its name. */
const quoted = (path: string): string => `"${path}"`;

const ICEBERG_CATALOG = 'org.apache.iceberg.spark.SparkCatalog';

/**
 * `spark-defaults.conf`: what a Glue job of one small worker has, with the job's own settings, and over both what makes
 * them work here: the endpoint, buckets in the path, and no more of the machine than two cores.
 */
export function sparkDefaults(options: SparkRunOptions): string {
  const { installation, conf, endpoint, directory } = options;
  const { python, javaHome, jars, cacheDir, heap = '1g' } = installation;
  const archive = cacheDir && classArchive(cacheDir, 'spark', [javaHome, python, ...jars]);
  const settings: Record<string, string> = {
    'spark.sql.session.timeZone': 'UTC',
    'spark.sql.adaptive.enabled': 'true',
    'spark.sql.catalogImplementation': 'in-memory',
    ...conf,
    'spark.master': 'local[2]',
    'spark.driver.memory': heap,
    'spark.driver.host': '127.0.0.1',
    'spark.driver.bindAddress': '127.0.0.1',
    // On the class path of the driver, where the archive of loaded classes covers them.
    'spark.driver.extraClassPath': jars.join(':'),
    'spark.driver.extraJavaOptions': [
      conf['spark.driver.extraJavaOptions'] ?? '',
      '-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto',
      ...(archive ? archiveOptions(archive).map(quoted) : []),
      `-Djava.io.tmpdir=${quoted(directory)} -Dlog4j2.configurationFile=${quoted(join(directory, 'log4j2.properties'))}`,
    ].join(' '),
    'spark.local.dir': directory,
    'spark.ui.enabled': 'false',
    'spark.ui.showConsoleProgress': 'false',
    'spark.eventLog.enabled': 'false',
    'spark.sql.shuffle.partitions': '2',
    'spark.default.parallelism': '2',
    'spark.hadoop.fs.s3.impl': 'org.apache.hadoop.fs.s3a.S3AFileSystem',
    'spark.hadoop.fs.s3a.endpoint': endpoint,
    'spark.hadoop.fs.s3a.endpoint.region': options.region,
    'spark.hadoop.fs.s3a.path.style.access': 'true',
    'spark.hadoop.fs.s3a.connection.ssl.enabled': 'false',
    'spark.hadoop.fs.s3a.access.key': options.accessKeyId,
    'spark.hadoop.fs.s3a.secret.key': options.secretAccessKey,
    'spark.hadoop.fs.s3a.aws.credentials.provider': 'org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider',
  };
  for (const [name, value] of Object.entries(conf)) {
    if (value === ICEBERG_CATALOG) Object.assign(settings, catalogHere(name, options));
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
  return `${lines.join('\n')}\n`;
}

const catalogHere = (catalog: string, { endpoint, region, accessKeyId, secretAccessKey }: SparkRunOptions) => ({
  [`${catalog}.glue.endpoint`]: endpoint,
  [`${catalog}.s3.endpoint`]: endpoint,
  [`${catalog}.s3.path-style-access`]: 'true',
  [`${catalog}.s3.access-key-id`]: accessKeyId,
  [`${catalog}.s3.secret-access-key`]: secretAccessKey,
  [`${catalog}.client.region`]: region,
});
