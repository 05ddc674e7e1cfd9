import type { LogsService } from '../services/logs/service.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html */
export function logGroup(logs: LogsService): ResourceType {
  return {
    type: 'AWS::Logs::LogGroup',
    implemented: ['LogGroupName', 'RetentionInDays'],
    inert: {
      KmsKeyId: 'events are kept in a plain file below the state directory',
      LogGroupClass: 'a price class',
      Tags: 'nothing here reads tags',
      DeletionProtectionEnabled: 'groups are deleted by `npm run reset` only',
    },
    async create({ properties, generatedName }) {
      const name: string = properties['LogGroupName'] ?? generatedName(512);
      const days = properties['RetentionInDays'];
      logs.store.putGroup(name, days === undefined ? null : Number(days));
      return { ref: name, attributes: { Arn: logs.arn(name) } };
    },
  };
}
