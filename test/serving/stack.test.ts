import { describe, expect, test } from '@jest/globals';
import { grantsOf } from '../app/policies.ts';
import { asText, ofType, only, type Properties, synth } from '../app/synth.ts';

const { batch, ingest, serving } = synth('dev', {}, 'demo', 'api-key').templates;
const withoutBatch = synth('dev', {}, 'demo', 'none', 'off').templates.serving;
const uriOf = ({ Uri }: Properties): string => (Uri === undefined ? '' : asText(Uri));
const below = (arn: string) => arn.split(/\$\{AWS::(?:Region|AccountId)\}[:/-]?/).at(-1)!;

describe('the query function', () => {
  test('may read counters, the pointer and what runs leave of their answers, and write nothing', () => {
    const grants = grantsOf(serving, 'QueryRole').map(([actions, resources]) => [actions, resources.map(below)]);
    expect(grants.slice(1)).toEqual([
      [['dynamodb:GetItem', 'dynamodb:Query'], ['table/pinflow-demo-counters']],
      [['dynamodb:GetItem'], ['table/pinflow-demo-runs']],
      [['s3:GetObject'], ['serving/*']],
      [['s3:ListBucket'], ['']],
    ]);
  });

  test('knows no batch layer where there is none', () => {
    expect(grantsOf(withoutBatch, 'QueryRole')).toHaveLength(2);
    const { Variables } = only(withoutBatch, 'AWS::Lambda::Function')['Environment'];
    expect(Variables).toMatchObject({ COUNTERS_TABLE: 'pinflow-demo-counters', TOPICS_FEED_SPEED: 'false' });
    expect(Variables).not.toHaveProperty('RUNS_TABLE');
  });

  test('answers before API Gateway gives up', () => {
    expect(only(serving, 'AWS::Lambda::Function')['Timeout']).toBeLessThan(29);
  });
});

describe('its routes', () => {
  const methods = Object.values(ofType(ingest, 'AWS::ApiGateway::Method'));
  const calls = methods.filter(({ Integration }) => uriOf(Integration).includes('function:pinflow-demo-query'));

  test('are four, and ask of callers what the others do', () => {
    expect(calls.map(({ HttpMethod, ApiKeyRequired }) => [HttpMethod, ApiKeyRequired])).toEqual(
      Array.from({ length: 4 }, () => ['GET', true]),
    );
  });

  test('may invoke the function by its name, this API and no other', () => {
    const permissions = Object.values(ofType(ingest, 'AWS::Lambda::Permission'));
    const [permission, ...others] = permissions.filter(({ FunctionName }) =>
      /:pinflow-demo-query$/.test(asText(FunctionName)),
    );
    expect(others).toEqual([]);
    expect(permission).toMatchObject({ Action: 'lambda:InvokeFunction', Principal: 'apigateway.amazonaws.com' });
    expect(asText(permission!['SourceArn'])).toMatch(/\$\{ApiRestApi\w+\}\/\*\/\*\/\*$/);
  });
});

describe('what runs leave and compare', () => {
  const grantsBelow = (role: string) =>
    grantsOf(batch, role)
      .slice(1)
      .map(([actions, resources]) => [actions, resources.map(below)]);

  test('the serve function copies results of queries, and touches nothing but copies', () => {
    expect(grantsBelow('ServeRole')).toEqual([
      [['s3:GetObject'], ['athena/*']],
      [['s3:DeleteObject', 's3:PutObject'], ['serving/*']],
      [['s3:ListBucket'], ['']],
    ]);
  });

  test('the referee reads the layers and writes nothing but the results of its queries', () => {
    const writes = grantsBelow('RefereeRole').filter(([actions]) => /Put|Update|Delete|Create/.test(String(actions)));
    expect(writes).toEqual([
      // Of whoever asks Athena, which makes that database where there is none.
      [
        ['glue:CreateDatabase', 'glue:GetDatabase'],
        ['catalog', 'database/default'],
      ],
      [expect.arrayContaining(['s3:PutObject']), ['athena/*']],
    ]);
  });
});
