import { createHash } from 'node:crypto';
import { parseProperties } from '../engines/jvm.ts';
import type { ResourceType } from './resource.ts';

/** The properties of configurations by their ARN. */
export type MskConfigurations = Map<string, Readonly<Record<string, string>>>;

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-msk-configuration.html */
export function mskConfiguration(configurations: MskConfigurations): ResourceType {
  return {
    type: 'AWS::MSK::Configuration',
    implemented: ['Name', 'ServerProperties'],
    inert: {
      Description: 'a text for people',
      KafkaVersionsList: 'there is one version of Kafka here',
    },
    async create({ properties, account, region }) {
      const name = String(properties['Name']);
      const id = createHash('sha256').update(name).digest('hex').slice(0, 32);
      const arn = `arn:aws:kafka:${region}:${account}:configuration/${name}/${id}-1`;
      configurations.set(arn, parseProperties(String(properties['ServerProperties'])));
      return { ref: arn, attributes: { Arn: arn, 'LatestRevision.Revision': '1' } };
    },
  };
}
