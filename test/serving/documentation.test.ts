import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { answerSchema, listSchema } from '../../model/serving/answer-schemas.ts';
import {
  answerHeaders,
  defaultLimit,
  errors,
  formats,
  layers,
  mostRows,
  notes,
  parameters,
  routes,
} from '../../model/serving/query-api.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/serving.md'), 'utf8');

/** Cells of the table whose first column is headed so, without its head. */
function tableOf(head: string): readonly (readonly string[])[] {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.startsWith(`| ${head} `));
  const rows = lines.slice(from + 2, lines.indexOf('', from));
  return rows.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

const codesIn = (cell: string | undefined) => [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, code]) => code!);

describe('docs/serving.md has', () => {
  test('the routes, each with its parameters', () => {
    const told = tableOf('Route').map(([route, of]) => [codesIn(route)[0], codesIn(of)]);
    expect(Object.fromEntries(told)).toEqual(
      Object.fromEntries(Object.entries(routes).map(([path, of]) => [`GET ${path}`, of.parameters])),
    );
  });

  test('every parameter, with the values it takes', () => {
    const told = Object.fromEntries(tableOf('Parameter').map(([name, takes]) => [codesIn(name)[0], takes]));
    expect(Object.keys(told)).toEqual(Object.keys(parameters));
    expect(told['limit']).toContain(`1 to ${mostRows.toLocaleString('en')}; ${defaultLimit.toLocaleString('en')} by`);
    expect(codesIn(told['layer'])).toEqual(layers);
    expect(codesIn(told['format'])).toEqual(expect.arrayContaining([...formats]));
  });

  test('every member and header of an answer', () => {
    const told = tableOf('Member');
    const [besides] = /Besides, (.*)\. The lists/.exec(text)!.slice(1);
    const members = [...told.flatMap(([member]) => codesIn(member)), ...codesIn(besides)];
    expect(members.sort()).toEqual(Object.keys(answerSchema.properties).sort());
    expect(told.flatMap(([, header]) => codesIn(header)).sort()).toEqual(Object.keys(answerHeaders).sort());
  });

  test('every member of an entry of the lists', () => {
    const [told] = /The lists say of each entry (.*)\.\n/.exec(text)!.slice(1);
    const { properties } = listSchema('metrics').properties['metrics']!.items;
    expect(codesIn(told).sort()).toEqual([...Object.keys(properties), ...properties.live.enum].sort());
  });

  test('every note, in the words of the API', () => {
    const [, , told] = tableOf('Member').find(([member]) => codesIn(member)[0] === 'notes')!;
    expect(told).toBe(
      Object.entries(notes)
        .map(([code, meaning]) => `\`${code}\`: ${meaning}`)
        .join('; '),
    );
  });

  test('every error', () => {
    const told = tableOf('Status').map(([status, type, members, when]) => [
      Number(status),
      codesIn(type)[0],
      codesIn(members),
      when,
    ]);
    const lower = (of: string) => of[0]!.toLowerCase() + of.slice(1);
    expect(told).toEqual(
      Object.values(errors).map(({ status, type, members, describe }) => [status, type, members, lower(describe)]),
    );
  });
});
