/** Arguments of a job by name with its dashes, such as `--conf`. */
export type JobArguments = Readonly<Record<string, string>>;

/** What the arguments that are Glue's own ask of Spark. */
export interface SparkRequest {
  readonly conf: Readonly<Record<string, string>>;
  /** `s3://` addresses of modules and archives of modules. */
  readonly pythonFiles: readonly string[];
  /** Without the last part, `output` or `error`. */
  readonly logGroup: string;
}

const DEFAULT_LOG_GROUP = '/aws-glue/jobs';

/** Glue's own arguments that are carried out, or whose listed values change nothing here. */
const SPECIAL: Readonly<Record<string, 'any' | readonly string[]>> = {
  '--conf': 'any',
  '--custom-logGroup-prefix': 'any',
  '--datalake-formats': ['iceberg'],
  '--enable-auto-scaling': 'any',
  '--enable-continuous-cloudwatch-log': 'any',
  '--enable-continuous-log-filter': 'any',
  '--enable-glue-datacatalog': ['false'],
  '--enable-job-insights': 'any',
  '--enable-metrics': 'any',
  '--enable-observability-metrics': 'any',
  '--extra-py-files': 'any',
  '--job-bookmark-option': ['job-bookmark-disable'],
  '--job-language': ['python'],
  '--TempDir': 'any',
};

/** The rest of those that Glue keeps for itself: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html */
const RESERVED = new Set([
  '--additional-python-modules',
  '--auto-scale-within-microbatch',
  '--class',
  '--continuous-log-conversionPattern',
  '--continuous-log-logGroup',
  '--continuous-log-logStreamPrefix',
  '--continuous-log-style-type',
  '--customer-driver-env-vars',
  '--customer-executor-env-vars',
  '--custom-logStream-prefix',
  '--debug',
  '--disable-proxy-v2',
  '--enable-lakeformation-fine-grained-access',
  '--enable-rename-algorithm-v2',
  '--enable-s3-parquet-optimized-committer',
  '--enable-spark-ui',
  '--executor-cores',
  '--extra-files',
  '--extra-jars',
  '--job-bookmark-from',
  '--job-bookmark-to',
  '--mode',
  '--python-modules-installer-option',
  '--scriptLocation',
  '--spark-event-logs-path',
  '--use-postgres-driver',
  '--user-jars-first',
  '--write-shuffle-files-to-s3',
]);

/** Each argument that cannot be honoured here, as one sentence. */
export function argumentProblems(given: JobArguments): string[] {
  return Object.entries(given).flatMap(([name, value]) => {
    if (RESERVED.has(name)) return [`has the argument ${name}, which the local Glue does not carry out`];
    const values = SPECIAL[name];
    if (values === undefined || values === 'any' || values.includes(value)) return [];
    return [`has the argument ${name} ${value}; here it can be ${values.join(' or ')} only`];
  });
}

export function sparkRequest(given: JobArguments): SparkRequest {
  return {
    conf: confOf(given['--conf'] ?? ''),
    pythonFiles: (given['--extra-py-files'] ?? '').split(',').filter(Boolean),
    logGroup: given['--custom-logGroup-prefix'] ?? DEFAULT_LOG_GROUP,
  };
}

/** `a=1 --conf b=2`: one argument holds them all. */
function confOf(text: string): Record<string, string> {
  const settings = text.split(/\s*--conf\s+/).filter(Boolean);
  return Object.fromEntries(
    settings.map((setting) => {
      const equals = setting.indexOf('=');
      return [setting.slice(0, equals).trim(), setting.slice(equals + 1).trim()];
    }),
  );
}
