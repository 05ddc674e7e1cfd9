import { createHash, randomUUID } from 'node:crypto';
import type { JsonObject } from '../service.ts';
import type { QueryHistory } from './history.ts';
import { invalid, list, page } from './input.ts';

/** The same at every start. */
export function namedQueryId(workGroup: string, name: string): string {
  const digest = createHash('sha256').update(`${workGroup}\n${name}`).digest('hex');
  return digest.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** https://docs.aws.amazon.com/athena/latest/APIReference/API_NamedQuery.html */
export function namedQueryOperations(
  history: QueryHistory,
  groupOf: (input: JsonObject) => string,
): Readonly<Record<string, (input: JsonObject) => JsonObject>> {
  const missing = (id: unknown) => `NamedQuery ${id} was not found`;
  const existing = ({ NamedQueryId: id }: JsonObject): JsonObject => {
    const found = history.namedQuery(String(id));
    if (found === undefined) throw invalid(missing(id));
    return found;
  };
  return {
    CreateNamedQuery: (input) => {
      const { Name, Description, Database, QueryString, ClientRequestToken: token } = input;
      if (![Name, Database, QueryString].every((one) => typeof one === 'string' && one !== '')) {
        throw invalid('Name, Database and QueryString must be given.');
      }
      const group = groupOf(input);
      const id = typeof token === 'string' ? namedQueryId(group, token) : randomUUID();
      history.putNamedQuery(id, group, { Name, Description, Database, QueryString });
      return { NamedQueryId: id };
    },
    GetNamedQuery: (input) => ({ NamedQuery: existing(input) }),
    DeleteNamedQuery: (input) => {
      history.deleteNamedQuery(String(existing(input)['NamedQueryId']));
      return {};
    },
    ListNamedQueries: (input) =>
      page(input, 'NamedQueryIds', (start, limit) => history.namedQueries(groupOf(input)).slice(start, start + limit)),
    BatchGetNamedQuery: ({ NamedQueryIds: ids }) => ({
      NamedQueries: list(ids).flatMap((id) => history.namedQuery(id) ?? []),
      UnprocessedNamedQueryIds: list(ids)
        .filter((id) => history.namedQuery(id) === undefined)
        .map((NamedQueryId) => ({ NamedQueryId, ErrorCode: 'INVALID_INPUT', ErrorMessage: missing(NamedQueryId) })),
    }),
  };
}
