import { expect, test } from '@jest/globals';
import { dependencyOrder } from '../../../local/template/graph.ts';

const placeOf = (logicalId: string) => ({ stack: 'stack', logicalId, path: '', property: '' });

test('each resource comes after what it refers to, otherwise in the order of the template', () => {
  const resources = {
    Api: { Properties: { name: { 'Fn::Sub': '${Function.Arn}-${AWS::Region}' } } },
    Function: { DependsOn: ['Policy'], Properties: { Role: { 'Fn::GetAtt': ['Role', 'Arn'] } } },
    Policy: { DependsOn: 'Role' },
    Role: {},
    Alone: {},
  };
  expect(dependencyOrder(resources, placeOf)).toEqual(['Role', 'Policy', 'Function', 'Api', 'Alone']);
});

test('a cycle is named', () => {
  const resources = { Start: { DependsOn: 'A' }, A: { DependsOn: 'B' }, B: { Properties: [{ Ref: 'A' }] } };
  expect(() => dependencyOrder(resources, placeOf)).toThrow('stack.A: circular dependency A -> B -> A');
});
