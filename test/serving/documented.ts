import { expect } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { HttpAnswer } from '../../lambda/serving/query/representation.ts';
import { answerSchema, listSchema } from '../../model/serving/answer-schemas.ts';
import { answerHeaders, errors, type RoutePath, routes } from '../../model/serving/query-api.ts';

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const isList = (path: RoutePath) => !path.endsWith('}');

/** Expects of an answer in JSON that the route has its status, its headers and every member of its body. */
export function expectDocumented(path: RoutePath, { status, headers, body }: HttpAnswer): void {
  const json = JSON.parse(body || '{}') as Readonly<Record<string, unknown>>;
  const known = isList(path) ? ['ETag'] : Object.keys(answerHeaders);
  const own = Object.keys(headers).filter((name) => /^(Pinflow-|Link$|ETag$)/.test(name));
  expect(known).toEqual(expect.arrayContaining(own));
  if (status === 200) {
    const schema = isList(path) ? listSchema(path === '/metrics' ? 'metrics' : 'questions') : answerSchema;
    ajv.validate({ ...schema, additionalProperties: false }, json);
    expect(ajv.errors).toBeNull();
    return;
  }
  const error = routes[path].errors.map((name) => errors[name]).find((each) => each.status === status);
  expect([path, status, json['__type']]).toEqual([path, status, error?.type]);
  expect(['message', '__type', ...error!.members]).toEqual(expect.arrayContaining(Object.keys(json)));
}
