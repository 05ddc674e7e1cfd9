import { expect, test } from '@jest/globals';
import AjvDraft04Module from 'ajv-draft-04';
import { compileModel } from '../../model/compile/compile-model.ts';
import { recordRequest, recordsRequest } from '../../model/compile/request-models.ts';
import { feeds } from '../../model/feeds/index.ts';

const Ajv = AjvDraft04Module.default ?? AjvDraft04Module;

test('the compiled model is plain JSON that holds the rules', () => {
  const model = compileModel();
  expect(JSON.parse(JSON.stringify(model))).toEqual(model);
  expect(model.feeds).toEqual(feeds);
  expect(model.hash).toMatch(/^[0-9a-f]{64}$/);
  expect(compileModel().hash).toBe(model.hash);
});

test('the clean columns are in the order of the lake', () => {
  const columns = Object.values(feeds).map(({ name, columns }) =>
    [name, ...columns.map((column) => column.name)].join(' '),
  );
  expect(columns).toEqual([
    'pin unique_id title description follower_count poster_name tag_list is_image_or_video image_src save_location category downloaded',
    'geo country coordinates timestamp',
    'user user_name age date_joined',
  ]);
});

test.each([
  [true, recordRequest, { StreamName: '{self.stream_name}', Data: { index: 1 }, PartitionKey: 'partition-1' }],
  [true, recordRequest, { Data: null, PartitionKey: 7 }],
  [false, recordRequest, { PartitionKey: 'a' }],
  [false, recordRequest, { Data: {} }],
  [false, recordRequest, []],
  [true, recordsRequest, { records: [] }],
  [true, recordsRequest, { Records: [{ Data: 1, PartitionKey: 'a' }] }],
  [false, recordsRequest, 'x'],
])('%p: %j takes %j', (valid, schema, body) => {
  expect(new Ajv().compile(schema)(body)).toBe(valid);
});
