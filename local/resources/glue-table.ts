import type { GlueCatalog } from '../services/glue/catalog.ts';
import type { ResourceType } from './resource.ts';

const DESCRIPTOR = [
  'BucketColumns',
  'Columns',
  'Compressed',
  'InputFormat',
  'Location',
  'NumberOfBuckets',
  'OutputFormat',
  'Parameters',
  'SerdeInfo',
  'SortColumns',
  'StoredAsSubDirectories',
].map((name) => `StorageDescriptor.${name}`);

/**
 * A table whose data others write. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-glue-table.html
 */
export function glueTable(catalog: GlueCatalog): ResourceType {
  const input = [
    'Description',
    'Name',
    'Owner',
    'Parameters',
    'PartitionKeys',
    'Retention',
    'TableType',
    'ViewExpandedText',
    'ViewOriginalText',
    ...DESCRIPTOR,
  ];
  return {
    type: 'AWS::Glue::Table',
    implemented: ['CatalogId', 'DatabaseName', 'Name', ...input.map((name) => `TableInput.${name}`)],
    inert: {},
    async create({ properties, generatedName }) {
      const { DatabaseName, Name, TableInput = {} } = properties;
      const name = Name ?? TableInput.Name ?? generatedName(255).toLowerCase();
      const wanted = { ...withTypes(TableInput), Name: name };
      return { ref: catalog.putTable(DatabaseName, wanted), attributes: {} };
    },
  };
}

/** A template may write numbers and truths as text; the API has them as such. */
function withTypes(input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(input), (key, value) => {
    if (key === 'Compressed' || key === 'StoredAsSubDirectories') return String(value) === 'true';
    return key === 'Retention' || key === 'NumberOfBuckets' ? Number(value) : value;
  });
}
