import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/**
 * What IAM looks at when tables of a database are used: the catalog, the database and each table.
 * @see https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
 */
export function tableArns(scope: Construct, database: string, tables: readonly string[]): string[] {
  const glue = (resource: string, resourceName?: string) =>
    Stack.of(scope).formatArn({ service: 'glue', resource, ...(resourceName && { resourceName }) });
  return [glue('catalog'), glue('database', database), ...tables.map((table) => glue('table', `${database}/${table}`))];
}
