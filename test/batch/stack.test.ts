import { describe, expect, test } from '@jest/globals';
import { goldTables } from '../../lib/batch/gold-statements.ts';
import { compileModel } from '../../model/compile/compile-model.ts';
import { grantsOf } from '../app/policies.ts';
import { asText, named, only, type Properties, synth } from '../app/synth.ts';

const { batch } = synth('dev', {}, 'demo', 'none', 'on').templates;
const curated = 'pinflow-demo-curated-${AWS::AccountId}-${AWS::Region}';
const below = (arn: string) => arn.split(/\$\{AWS::Region\}[:/-]?/).at(-1)!;

describe('the clean job', () => {
  const job = only(batch, 'AWS::Glue::Job');
  const given: Properties = job['DefaultArguments'];

  test('runs on Glue 5.1, one at a time, tried again by the state machine only', () => {
    expect(job).toMatchObject({
      Name: 'pinflow-demo-clean',
      GlueVersion: '5.1',
      WorkerType: 'G.1X',
      NumberOfWorkers: 2,
      MaxRetries: 0,
      ExecutionProperty: { MaxConcurrentRuns: 1 },
      Timeout: 60,
    });
  });

  test('has the Iceberg catalog in one argument', () => {
    expect(given['--datalake-formats']).toBe('iceberg');
    const settings = asText(given['--conf']).split(' --conf ');
    expect(settings).toEqual(
      expect.arrayContaining([
        'spark.sql.catalog.glue=org.apache.iceberg.spark.SparkCatalog',
        'spark.sql.catalog.glue.catalog-impl=org.apache.iceberg.aws.glue.GlueCatalog',
        `spark.sql.catalog.glue.warehouse=s3://${curated}/warehouse`,
      ]),
    );
    for (const setting of settings) expect(setting).toMatch(/^spark\.[\w.-]+=\S+$/);
  });

  test('knows its buckets, its database, and the model by its content', () => {
    expect(asText(given['--curated_bucket'])).toBe(curated);
    expect(given['--database']).toBe('pinflow_demo');
    expect(JSON.stringify(given['--model'])).toMatch(/[0-9a-f]{64}\.json/);
    expect(compileModel().hash).toMatch(/^[0-9a-f]{64}$/);
  });

  test('may read raw and write silver tables, runs and refused rows', () => {
    const grants = grantsOf(batch, 'CleanJobRole').map(([actions, resources]) => [actions, resources.map(below)]);
    expect(grants).toEqual([
      [['s3:GetObject'], expect.arrayContaining(['raw/*', expect.stringMatching(/^[0-9a-f]{64}\.py$/)])],
      [['s3:DeleteObject', 's3:GetObject', 's3:PutObject'], ['warehouse/silver_*']],
      [['s3:GetObject', 's3:PutObject'], ['runs/*']],
      [['s3:DeleteObject', 's3:PutObject'], ['quarantine/batch/*']],
      [['s3:ListBucket'], ['', '', '']],
      [['glue:GetDatabase'], [expect.stringMatching(/:catalog$/), expect.stringMatching(/:database\/pinflow_demo$/)]],
      [
        ['glue:CreateTable', 'glue:GetTable', 'glue:UpdateTable'],
        expect.arrayContaining([expect.stringMatching(/table\/pinflow_demo\/silver_pin$/)]),
      ],
      [['logs:CreateLogStream', 'logs:PutLogEvents'], [expect.stringMatching(/clean-job\/\*$/)]],
      [['cloudwatch:PutMetricData'], ['*']],
    ]);
  });
});

test('the state machine may use what it names, and no table of another database', () => {
  const grants = grantsOf(batch, 'MachineRole');
  const resources = grants.flatMap(([, each]) => each);
  const tables = resources.filter((each) => each.includes(':table/'));
  expect(new Set(tables).size).toBe(3 + goldTables.length);
  const made = grants.find(([actions]) => actions.includes('glue:CreateTable'))![1];
  expect(made.filter((each) => /:table\/pinflow_demo\/silver_/.test(each))).toEqual([]);
  for (const table of tables) expect(table).toMatch(/:table\/pinflow_demo\/(silver|gold)_[a-z0-9_]+$/);
  expect(resources.filter((each) => each.includes('*')).map(below)).toEqual(['warehouse/*', 'athena/*']);
});

test('whoever asks Athena may look for the database that Athena looks for first, and no one may make another', () => {
  for (const role of ['MachineRole', 'RefereeRole']) {
    const made = grantsOf(batch, role).filter(([actions]) => actions.includes('glue:CreateDatabase'));
    expect(made).toEqual([
      [
        ['glue:CreateDatabase', 'glue:GetDatabase'],
        [expect.stringMatching(/:catalog$/), expect.stringMatching(/:database\/default$/)],
      ],
    ]);
  }
});

test('the plan calls nothing', () => {
  expect(grantsOf(batch, 'PlanRole').map(([actions]) => actions)).toEqual([
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
  ]);
});

test('a window in which records settle is that of the slower way to raw', () => {
  const variables = named(batch, 'AWS::Lambda::Function', 'Plan')['Environment'].Variables;
  expect(variables).toMatchObject({ FLUSH_SECONDS: '60', GRACE_SECONDS: '60', FIRST_RUN_DAYS: '30' });
});

test('a run looks back as far as a record may land late: for as long as a topic or a stream keeps it', () => {
  const variables = named(batch, 'AWS::Lambda::Function', 'Plan')['Environment'].Variables;
  expect(variables).toMatchObject({ LATEST_HOURS: '72' });
});

describe('the schedule', () => {
  const schedule = only(batch, 'AWS::Scheduler::Schedule');

  test('starts a run a day, within a window, with the time for which it was meant', () => {
    expect(schedule).toMatchObject({
      Name: 'pinflow-demo-daily',
      GroupName: { Ref: expect.stringMatching(/DailyGroup/) },
      ScheduleExpression: 'cron(0 2 * * ? *)',
      ScheduleExpressionTimezone: 'UTC',
      FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 },
    });
    expect(JSON.parse(schedule['Target'].Input)).toEqual({ logical_date: '<aws.scheduler.scheduled-time>' });
  });

  test('keeps a start that was given up, and may do nothing else', () => {
    expect(asText(schedule['Target'].DeadLetterConfig.Arn)).toMatch(/DeadLetters/);
    expect(grantsOf(batch, 'DailyRole')).toEqual([
      [['states:StartExecution'], [expect.stringMatching(/Machine/)]],
      [['sqs:SendMessage'], [expect.stringMatching(/DeadLetters/)]],
    ]);
  });
});
