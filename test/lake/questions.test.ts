import { expect, test } from '@jest/globals';
import { namedQueries } from '../../lib/lake/questions.ts';
import { questions } from '../../model/questions/index.ts';
import { ofType, synth } from '../app/synth.ts';

const { lake } = synth('laptop', {}, 'demo', 'none', 'on').templates;

test('each question has its named query in the workgroup', () => {
  const queries = Object.values(ofType(lake, 'AWS::Athena::NamedQuery'));
  expect(queries.map(({ Name }) => Name)).toEqual(questions.map(({ name }) => name));
  expect(
    queries.map(({ Name, Description, QueryString, Database, WorkGroup }) => ({
      ...{ Name, Description, QueryString, Database, WorkGroup },
    })),
  ).toEqual(
    namedQueries().map(({ name, title, sql }) => ({
      Name: name,
      Description: title,
      QueryString: sql,
      Database: 'pinflow_demo',
      WorkGroup: 'pinflow-demo',
    })),
  );
});
