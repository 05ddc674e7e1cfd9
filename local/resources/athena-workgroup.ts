import type { AthenaService } from '../services/athena/service.ts';
import type { ResourceType } from './resource.ts';

/**
 * `started`: told that there will be queries, so that the engine can be got ready.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-athena-workgroup.html
 */
export function athenaWorkGroup(athena: AthenaService, started: () => void): ResourceType {
  const configuration = (name: string) => `WorkGroupConfiguration.${name}`;
  return {
    type: 'AWS::Athena::WorkGroup',
    implemented: [
      'Name',
      'Description',
      'State',
      ...['EnforceWorkGroupConfiguration', 'BytesScannedCutoffPerQuery', 'ResultConfiguration.OutputLocation'].map(
        configuration,
      ),
    ],
    inert: {
      RecursiveDeleteOption: 'groups and their queries go with `npm run reset`',
      Tags: 'nothing here reads tags',
      [configuration('ResultConfiguration.EncryptionConfiguration')]:
        'objects are plain files below the state directory',
      [configuration('ResultConfiguration.ExpectedBucketOwner')]: 'there is one account here',
      [configuration('ResultConfiguration.AclConfiguration')]: 'buckets have no access control lists',
      [configuration('PublishCloudWatchMetricsEnabled')]: 'GetQueryExecution has the figures of each query',
      [configuration('RequesterPaysEnabled')]: 'nobody pays',
      [configuration('EngineVersion')]: 'there is one version of the engine here, of the family of Athena 3',
    },
    async create({ properties, previous }) {
      const { Name, Description, State = 'ENABLED', WorkGroupConfiguration = {} } = properties;
      const { EnforceWorkGroupConfiguration = true, BytesScannedCutoffPerQuery: cutoff } = WorkGroupConfiguration;
      const outputLocation = WorkGroupConfiguration.ResultConfiguration?.OutputLocation;
      athena.workGroups.put({
        name: Name,
        enabled: State === 'ENABLED',
        enforced: String(EnforceWorkGroupConfiguration) === 'true',
        ...(Description === undefined ? {} : { description: Description }),
        ...(outputLocation === undefined ? {} : { outputLocation }),
        ...(cutoff === undefined ? {} : { bytesScannedCutoff: Number(cutoff) }),
      });
      started();
      const made = { CreationTime: String(Math.floor(Date.now() / 1000)) };
      return { ref: Name, attributes: previous?.attributes ?? made };
    },
  };
}
