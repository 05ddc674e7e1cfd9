import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { allow } from '../allow.ts';

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

/**
 * Athena looks for the database `default` by the rights of who asks, whichever database a query names, and makes it where
 * an account has none. @see https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
 */
export const defaultDatabase = (scope: Construct): PolicyStatement =>
  allow(['glue:GetDatabase', 'glue:CreateDatabase'], ...databaseArns(scope, 'default'));
