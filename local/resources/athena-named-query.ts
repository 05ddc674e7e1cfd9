import type { AthenaService } from '../services/athena/service.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-athena-namedquery.html */
export function athenaNamedQuery(athena: AthenaService): ResourceType {
  return {
    type: 'AWS::Athena::NamedQuery',
    implemented: ['Name', 'Description', 'Database', 'QueryString', 'WorkGroup'],
    inert: {},
    async create({ properties, generatedName }) {
      const { Name, Description, Database, QueryString, WorkGroup = 'primary' } = properties;
      const name = Name ?? generatedName(128);
      const id = athena.putNamedQuery(WorkGroup, name, { Description, Database, QueryString });
      return { ref: id, attributes: { NamedQueryId: id } };
    },
    async remove({ ref }) {
      athena.deleteNamedQuery(ref);
    },
  };
}
