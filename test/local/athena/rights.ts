import { expect, test } from '@jest/globals';
import type { Lake } from './lake.ts';
import { clientOf, type Queries } from './queries.ts';

/** The tests of what a query may use: what its caller may. */
export function rightsOfCallers({ start, outcome, rows }: Queries, lake: () => Lake): void {
  const glue = (resource: string) => `arn:aws:glue:us-east-1:000000000000:${resource}`;
  const allow = (Action: string | string[], ...Resource: string[]) => ({ Effect: 'Allow', Action, Resource });
  const tables = [glue('catalog'), glue('database/mart'), glue('table/mart/posts')];
  const grants = {
    athena: allow(
      ['athena:StartQueryExecution', 'athena:GetQueryResults'],
      'arn:aws:athena:us-east-1:000000000000:workgroup/work',
    ),
    results: allow(['s3:PutObject', 's3:GetObject'], 'arn:aws:s3:::results/athena/*'),
    location: allow('s3:GetBucketLocation', 'arn:aws:s3:::results'),
    catalog: allow(['glue:GetDatabase', 'glue:GetTable'], ...tables),
    data: allow('s3:GetObject', 'arn:aws:s3:::lake/warehouse/posts/*'),
    commit: allow('glue:UpdateTable', ...tables),
    write: allow('s3:PutObject', 'arn:aws:s3:::lake/warehouse/*'),
  };
  const without = (...missing: (keyof typeof grants)[]) => {
    const statements = Object.entries(grants).filter(([name]) => !missing.includes(name as keyof typeof grants));
    return clientOf(
      lake().endpoint,
      lake().role(
        `reader-${missing.join('-')}`,
        statements.map(([, statement]) => statement),
      ),
    );
  };
  const denied = (role: string, action: string, resource: string) =>
    `Insufficient permissions to execute the query. User: arn:aws:sts::000000000000:assumed-role/${role}/pinflow is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
  const READ = 'SELECT count(*) FROM posts';
  const WRITE = "INSERT INTO posts VALUES (4, 'more', NULL)";

  test('all grants are enough', async () => {
    expect(await outcome(READ, {}, without())).toMatchObject({ state: 'SUCCEEDED' });
    expect(await outcome(WRITE, {}, without())).toMatchObject({ state: 'SUCCEEDED' });
    expect(await outcome(READ, {}, without('commit', 'write'))).toMatchObject({ state: 'SUCCEEDED' });
  });

  test.each([
    [READ, 'catalog', 'glue:GetDatabase', glue('catalog')],
    [READ, 'data', 's3:GetObject', 'arn:aws:s3:::lake/warehouse/posts/*'],
    [WRITE, 'commit', 'glue:UpdateTable', glue('catalog')],
    [WRITE, 'write', 's3:PutObject', 'arn:aws:s3:::lake/warehouse/posts/*'],
  ] as const)('%s without %s', async (sql, missing, action, resource) => {
    expect(await outcome(sql, {}, without(missing))).toEqual({
      state: 'FAILED',
      reason: denied(`reader-${missing}`, action, resource),
    });
  });

  test('another table is not read, not through a view, a subquery or its metadata', async () => {
    await rows("CREATE TABLE secret WITH (table_type = 'ICEBERG', location = 's3://lake/secret') AS SELECT 1 a");
    await rows('CREATE VIEW peep AS SELECT a FROM secret');
    for (const sql of [
      'SELECT * FROM secret',
      'SELECT (SELECT max(a) FROM secret)',
      'SELECT * FROM peep',
      'SELECT * FROM "secret$files"',
    ]) {
      const { state, reason } = await outcome(sql, {}, without());
      expect({ sql, state }).toEqual({ sql, state: 'FAILED' });
      expect(reason).toContain(
        'is not authorized to perform: glue:GetTable on resource: arn:aws:glue:us-east-1:000000000000:table/mart/',
      );
    }
  });

  test('nothing is run, nor written, without a right to the workgroup and the result', async () => {
    await expect(start(READ, {}, without('athena'))).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(start(READ, {}, without('results'))).rejects.toThrow(
      /Unable to verify\/create output bucket results\. .* s3:PutObject on/,
    );
    await expect(start(READ, {}, without('location'))).rejects.toThrow(
      /s3:GetBucketLocation on resource: arn:aws:s3:::results /,
    );
  });
}
