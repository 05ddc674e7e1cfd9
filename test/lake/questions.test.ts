import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { goldTable, questions } from '../../lib/lake/questions.ts';
import { ofType, synth } from '../app/synth.ts';

const { lake } = synth('laptop', {}, 'demo', 'none', 'on').templates;

test('each file is a question, and each question has its named query in the workgroup', () => {
  const files = readdirSync(join(__dirname, '..', '..', 'lib', 'lake', 'questions'));
  expect(files.sort()).toEqual(questions.map(({ name }) => `${name}.sql`).sort());
  const queries = Object.values(ofType(lake, 'AWS::Athena::NamedQuery'));
  expect(
    queries.map(({ Name, QueryString, Database, WorkGroup }) => ({ Name, QueryString, Database, WorkGroup })),
  ).toEqual(
    questions.map(({ name, sql }) => ({
      Name: name,
      QueryString: sql,
      Database: 'pinflow_demo',
      WorkGroup: 'pinflow-demo',
    })),
  );
});

test.each(questions.map((question) => [question.name, question] as const))('%s', (_, question) => {
  // What States.Format would take for a place or for an escape.
  expect(question.sql).not.toMatch(/[{}\\]/);
  expect(question.sql.endsWith(';')).toBe(false);
  // Glue takes no longer names, and none with other letters.
  expect(goldTable(question)).toMatch(/^[a-z0-9_]{1,255}$/);
  const [selected] = /SELECT\s+([\s\S]+?)\s+FROM/.exec(question.sql.replaceAll(/^--.*$/gm, ''))!.slice(1);
  for (const [column] of question.columns) expect(selected).toContain(column);
});
