import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface TrinoSettings {
  /** Where Trino runs: settings, plugins, scratch files. */
  readonly directory: string;
  readonly port: number;
  readonly region: string;
  /** The AWS services, such as `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Jars of the Hive and Iceberg connectors. */
  readonly connectors: readonly string[];
}

/** The catalog that queries name, as on Athena; its Iceberg tables are handed on to the other. */
export const CATALOG = 'awsdatacatalog';
/** What creates Iceberg tables. */
export const ICEBERG_CATALOG = 'iceberg';

/** Writes settings, catalogs and plugins anew. @see https://trino.io/docs/476/installation/deployment.html */
export function writeSettings(settings: TrinoSettings): void {
  const { directory, port, connectors } = settings;
  for (const name of ['etc', 'plugin', 'var']) rmSync(join(directory, name), { recursive: true, force: true });
  mkdirSync(join(directory, 'etc', 'catalog'), { recursive: true });
  const write = (name: string, lines: readonly string[]) =>
    writeFileSync(join(directory, 'etc', name), `${lines.join('\n')}\n`, { mode: 0o600 });
  write('config.properties', [
    'coordinator=true',
    'node-scheduler.include-coordinator=true',
    'node.environment=local',
    'node.id=local-1',
    'node.internal-address=127.0.0.1',
    'node.bind-ip=127.0.0.1',
    `http-server.http.port=${port}`,
    `discovery.uri=http://127.0.0.1:${port}`,
    'plugin.dir=plugin',
    'web-ui.enabled=false',
    'catalog.management=static',
    'query.max-history=20',
    'query.min-expire-age=30s',
  ]);
  write('log.properties', ['io.trino=WARN', 'Bootstrap=WARN', 'io.airlift=WARN', 'org=WARN']);
  write(`catalog/${CATALOG}.properties`, [
    'connector.name=hive',
    'hive.metastore=glue',
    `hive.iceberg-catalog-name=${ICEBERG_CATALOG}`,
    'hive.partition-projection-enabled=true',
    'hive.non-managed-table-writes-enabled=true',
    // The catalog keeps no statistics.
    'hive.collect-column-statistics-on-write=false',
    ...awsLines(settings),
  ]);
  write(`catalog/${ICEBERG_CATALOG}.properties`, [
    'connector.name=iceberg',
    'iceberg.catalog.type=glue',
    `iceberg.hive-catalog-name=${CATALOG}`,
    // Athena's VACUUM keeps less than Trino's own least.
    'iceberg.expire-snapshots.min-retention=0s',
    'iceberg.remove-orphan-files.min-retention=0s',
    ...awsLines(settings),
  ]);
  writePlugin(join(directory, 'plugin', 'lake'), connectors);
}

function awsLines({ endpoint, region, accessKeyId, secretAccessKey }: TrinoSettings): string[] {
  return [
    `hive.metastore.glue.region=${region}`,
    `hive.metastore.glue.endpoint-url=${endpoint}`,
    `hive.metastore.glue.aws-access-key=${accessKeyId}`,
    `hive.metastore.glue.aws-secret-key=${secretAccessKey}`,
    'fs.native-s3.enabled=true',
    `s3.endpoint=${endpoint}`,
    `s3.region=${region}`,
    's3.path-style-access=true',
    `s3.aws-access-key=${accessKeyId}`,
    `s3.aws-secret-key=${secretAccessKey}`,
  ];
}

/** One folder for both connectors, so that what they share is loaded once. */
function writePlugin(folder: string, jars: readonly string[]): void {
  const services = join(folder, 'services', 'META-INF', 'services');
  mkdirSync(services, { recursive: true });
  const plugins = ['io.trino.plugin.hive.HivePlugin', 'io.trino.plugin.iceberg.IcebergPlugin'];
  writeFileSync(join(services, 'io.trino.spi.Plugin'), `${plugins.join('\n')}\n`);
  for (const jar of jars) symlinkSync(jar, join(folder, basename(jar)));
}
