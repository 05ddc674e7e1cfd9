import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

const glueArn = (scope: Construct, resource: string, resourceName?: string): string =>
  Stack.of(scope).formatArn({ service: 'glue', resource, ...(resourceName && { resourceName }) });

/**
 * What IAM looks at when a database is read: the catalog and the database.
 * @see https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
 */
export const databaseArns = (scope: Construct, database: string): string[] => [
  glueArn(scope, 'catalog'),
  glueArn(scope, 'database', database),
];

/** What it looks at when tables of a database are used: those, and each table. */
export const tableArns = (scope: Construct, database: string, tables: readonly string[]): string[] => [
  ...databaseArns(scope, database),
  ...tables.map((table) => glueArn(scope, 'table', `${database}/${table}`)),
];
