import { describe, expect, test } from '@jest/globals';
import { ofType, type Properties, synth } from '../app/synth.ts';

const { network, broker, ingest, sink } = synth('dev', {}, 'demo', 'none', 'on').templates;
const values = (type: string): Properties[] => Object.values(ofType(network, type));

test('two subnets in two zones, from which no route leads anywhere', () => {
  const zones = values('AWS::EC2::Subnet').map(({ AvailabilityZone }) => JSON.stringify(AvailabilityZone));
  expect(new Set(zones).size).toBe(2);
  expect(values('AWS::EC2::Route')).toEqual([]);
});

test('where MSK does not take every zone, the zones are chosen by their ids', () => {
  const condition = Object.keys(network.Conditions ?? {});
  expect(network.Conditions).toEqual({ [condition[0]!]: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] } });
  const noValue = { Ref: 'AWS::NoValue' };
  for (const [at, subnet] of values('AWS::EC2::Subnet').entries()) {
    const first = { 'Fn::Select': [at, { 'Fn::GetAZs': '' }] };
    expect(subnet['AvailabilityZone']).toEqual({ 'Fn::If': [condition[0], noValue, first] });
    expect(subnet['AvailabilityZoneId']).toEqual({ 'Fn::If': [condition[0], ['use1-az2', 'use1-az4'][at], noValue] });
  }
});

test('S3 and DynamoDB are reached through gateway endpoints, and nothing else is: no interface endpoint costs by the hour', () => {
  const endpoints = values('AWS::EC2::VPCEndpoint').map(({ VpcEndpointType, ServiceName, RouteTableIds }) => [
    VpcEndpointType,
    ServiceName['Fn::Join'][1].at(-1),
    RouteTableIds.length,
  ]);
  expect(endpoints).toEqual([
    ['Gateway', '.s3', 2],
    ['Gateway', '.dynamodb', 2],
  ]);
});

test('brokers take connections from the security groups of their two clients only', () => {
  const group = (value: Properties) => value['Fn::GetAtt'][0].slice(0, -8);
  const rules = values('AWS::EC2::SecurityGroupIngress').map(
    ({ GroupId, SourceSecurityGroupId, FromPort, ToPort, IpProtocol }) =>
      `${group(SourceSecurityGroupId)} to ${group(GroupId)} ${IpProtocol} ${FromPort}-${ToPort}`,
  );
  expect(rules).toEqual(['KafkaRest to Brokers tcp 9098-9098', 'Sink to Brokers tcp 9098-9098']);
  const groups = values('AWS::EC2::SecurityGroup');
  expect(groups.filter(({ SecurityGroupIngress }) => SecurityGroupIngress)).toEqual([]);
});

test('clients reach the brokers, and the connector S3 too', () => {
  const open = values('AWS::EC2::SecurityGroup').flatMap(({ GroupDescription, SecurityGroupEgress }) =>
    (SecurityGroupEgress ?? [])
      .filter(({ CidrIp }: Properties) => CidrIp === '0.0.0.0/0')
      .map(({ FromPort }: Properties) => [GroupDescription, FromPort]),
  );
  expect(open).toEqual([['The connector that writes the topics to S3', 443]]);
});

test('no other stack changes a security group', () => {
  for (const template of [broker, ingest, sink]) {
    expect(Object.values(template.Resources).filter(({ Type }) => Type.startsWith('AWS::EC2::'))).toEqual([]);
  }
});

describe('where topics feed the speed layer', () => {
  const fed = synth('dev', {}, 'demo', 'none', 'on', 'on').templates;
  const rules = (type: string) =>
    Object.values(ofType(fed.network, type)).map(({ GroupId, FromPort, ...rule }) => {
      const other = rule['SourceSecurityGroupId'] ?? rule['DestinationSecurityGroupId'];
      const name = (of: Properties) => of['Fn::GetAtt'][0].slice(0, -8);
      return `${name(GroupId)} ${FromPort} ${name(other)}`;
    });

  test('pollers in the security group of the brokers reach them, and the endpoints of Lambda and STS', () => {
    expect(rules('AWS::EC2::SecurityGroupIngress')).toEqual(
      expect.arrayContaining(['Brokers 9098 Brokers', 'Endpoints 443 Brokers']),
    );
    expect(rules('AWS::EC2::SecurityGroupEgress')).toEqual(
      expect.arrayContaining(['Brokers 9098 Brokers', 'Brokers 443 Endpoints']),
    );
    const endpoints = Object.values(ofType(fed.network, 'AWS::EC2::VPCEndpoint')).flatMap(
      ({ VpcEndpointType, ServiceName, SubnetIds, PrivateDnsEnabled }) =>
        VpcEndpointType === 'Interface'
          ? [[ServiceName['Fn::Join'][1].at(-1), SubnetIds.length, PrivateDnsEnabled]]
          : [],
    );
    expect(endpoints).toEqual([
      ['.lambda', 2, true],
      ['.sts', 2, true],
    ]);
  });
});
