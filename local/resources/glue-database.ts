import type { GlueCatalog } from '../services/glue/catalog.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-glue-database.html */
export function glueDatabase(catalog: GlueCatalog): ResourceType {
  const input = (...names: string[]) => names.map((name) => `DatabaseInput.${name}`);
  return {
    type: 'AWS::Glue::Database',
    implemented: ['CatalogId', 'DatabaseName', ...input('Name', 'Description', 'LocationUri', 'Parameters')],
    inert: {
      'DatabaseInput.CreateTableDefaultPermissions': 'there is no Lake Formation here',
    },
    async create({ properties, generatedName }) {
      const { DatabaseName, DatabaseInput = {} } = properties;
      const name = DatabaseName ?? DatabaseInput.Name ?? generatedName(255).toLowerCase();
      return { ref: catalog.putDatabase({ ...DatabaseInput, Name: name }), attributes: {} };
    },
  };
}
