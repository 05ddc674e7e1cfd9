import type { AccessRequest } from '../../access/caller.ts';

/** Where the catalog is. */
export interface CatalogPlace {
  readonly account: string;
  readonly region: string;
}

/**
 * An action on a database or a table needs its grant on the catalog and on each level down to it; `*` stands for all of
 * them. https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
 */
export function catalogAccess(
  { account, region }: CatalogPlace,
  action: string,
  database?: string,
  table?: string,
): AccessRequest[] {
  const arn = (resource: string): AccessRequest => ({
    action: `glue:${action}`,
    resource: `arn:aws:glue:${region}:${account}:${resource}`,
  });
  return [
    arn('catalog'),
    ...(database === undefined ? [] : [arn(`database/${database}`)]),
    ...(database === undefined || table === undefined ? [] : [arn(`table/${database}/${table}`)]),
  ];
}
