import { describe, expect, test } from '@jest/globals';
import { grantsOf } from '../app/policies.ts';
import { asText, named, ofType, only, type Properties, synth } from '../app/synth.ts';

const { ingest } = synth('dev', {}, 'demo', 'none', 'on').templates;
const resources = ofType(ingest, 'AWS::ApiGateway::Resource');
const pathOf = ({ ResourceId }: Properties): string => {
  const resource = resources[ResourceId.Ref];
  return resource ? `${pathOf({ ResourceId: resource['ParentId'] })}/${resource['PathPart']}` : '';
};
const methods = Object.values(ofType(ingest, 'AWS::ApiGateway::Method'));
const proxied = methods.filter(({ Integration }) => JSON.stringify(Integration.Uri ?? '').includes('KafkaRest'));

test('the routes are those of the REST proxy and of the oldest door, with a preflight on each', () => {
  expect(proxied.map((method) => `${method['HttpMethod']} ${pathOf(method)}`).sort()).toEqual([
    'DELETE /consumers/{proxy+}',
    'GET /consumers/{proxy+}',
    'GET /topics',
    'GET /topics/{topic-name}',
    'POST /consumers/{proxy+}',
    'POST /geo',
    'POST /pin',
    'POST /topics/{topic-name}',
    'POST /user',
  ]);
  const preflights = methods.filter(({ HttpMethod }) => HttpMethod === 'OPTIONS').map(pathOf);
  expect(preflights).toEqual(
    expect.arrayContaining(['/consumers/{proxy+}', '/topics', '/topics/{topic-name}', '/pin', '/geo', '/user']),
  );
});

test('bodies of Kafka reach the function as bytes, and those of streams their templates', () => {
  const types: string[] = only(ingest, 'AWS::ApiGateway::RestApi')['BinaryMediaTypes'];
  expect(types).toContain('application/vnd.kafka.json.v2+json');
  expect(types.filter((type) => type.includes('*') || type === 'application/json')).toEqual([]);
});

test('the API may invoke the function, on every route and no other API may', () => {
  const permissions = Object.values(ofType(ingest, 'AWS::Lambda::Permission'));
  const [permission, ...others] = permissions.filter(({ FunctionName }) => asText(FunctionName).includes('KafkaRest'));
  expect(others).toEqual([]);
  expect(permission).toMatchObject({ Action: 'lambda:InvokeFunction', Principal: 'apigateway.amazonaws.com' });
  expect(asText(permission!['SourceArn'])).toMatch(/\$\{ApiRestApi\w+\}\/\*\/\*\/\*$/);
});

test('an unknown route is answered with the topics door too', () => {
  const [response] = Object.values(ofType(ingest, 'AWS::ApiGateway::GatewayResponse')).filter(
    ({ ResponseType }) => ResponseType === 'MISSING_AUTHENTICATION_TOKEN',
  );
  expect(response!['ResponseTemplates']['application/json']).toContain('/{stage}/topics/{topic-name}');
});

describe('the function', () => {
  const fn = named(ingest, 'AWS::Lambda::Function', 'KafkaRest');

  test('stands in the VPC of the brokers, with as many environments as they take connections', () => {
    expect(fn).toMatchObject({ FunctionName: 'pinflow-demo-kafka-rest', ReservedConcurrentExecutions: 8, Timeout: 20 });
    expect(fn['VpcConfig'].SubnetIds).toHaveLength(2);
    expect(fn['VpcConfig'].SecurityGroupIds.map(asText)).toEqual([expect.stringContaining('KafkaRest')]);
  });

  test('knows the brokers and the topics', () => {
    const { BOOTSTRAP_BROKERS: brokers, TOPIC_BY_FEED: topics } = fn['Environment'].Variables;
    expect(asText(brokers)).toMatch(/^\$\{pinflow-demo-broker\..*BootstrapBrokerStringSaslIam/);
    expect(JSON.parse(topics)).toEqual({ pin: 'demo.pin', geo: 'demo.geo', user: 'demo.user' });
  });

  test('may write to its topics, and make no other', () => {
    const [, ...grants] = grantsOf(ingest, 'KafkaRestRole');
    expect(grants).toEqual([
      [['kafka-cluster:Connect', 'kafka-cluster:WriteDataIdempotently'], [expect.stringContaining('ClusterArn')]],
      [
        ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'],
        [
          '${pinflow-demo-broker.TopicArns}/demo.geo',
          '${pinflow-demo-broker.TopicArns}/demo.pin',
          '${pinflow-demo-broker.TopicArns}/demo.user',
        ],
      ],
      [expect.arrayContaining(['ec2:CreateNetworkInterface']), ['*']],
    ]);
  });
});
