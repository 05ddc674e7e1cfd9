import type { CloudWatchService } from '../services/cloudwatch/service.ts';
import { filterOf } from '../services/logs/filter-pattern.ts';
import type { LogsService } from '../services/logs/service.ts';
import { ServiceError } from '../services/service.ts';
import { isIntrinsic } from '../template/intrinsics.ts';
import type { ResourceType } from './resource.ts';

const NUMBER = /^-?\d+(\.\d+)?$/;

/**
 * Metric filters whose pattern are terms and whose value is a number: they count lines.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-metricfilter.html
 */
export function logsMetricFilter(logs: LogsService, cloudWatch: CloudWatchService): ResourceType {
  return {
    type: 'AWS::Logs::MetricFilter',
    implemented: [
      'FilterName',
      'FilterPattern',
      'LogGroupName',
      ...['DefaultValue', 'MetricName', 'MetricNamespace', 'MetricValue', 'Unit'].map(
        (name) => `MetricTransformations.*.${name}`,
      ),
    ],
    inert: {},
    check: ({ FilterPattern, MetricTransformations = [] }) => [
      ...patternProblems(FilterPattern),
      ...(MetricTransformations as { MetricValue: unknown }[])
        .filter(({ MetricValue }) => !isIntrinsic(MetricValue) && !NUMBER.test(String(MetricValue)))
        .map(({ MetricValue }) => `has the MetricValue ${MetricValue}; only numbers are supported here`),
    ],
    async create({ properties, generatedName }) {
      const { FilterName, FilterPattern, LogGroupName, MetricTransformations } = properties;
      const name: string = FilterName ?? generatedName(512);
      const matches = filterOf(FilterPattern);
      logs.putMetricFilter(LogGroupName, name, (message, time) => {
        const matched = matches(message);
        for (const { MetricNamespace, MetricName, MetricValue, DefaultValue, Unit } of MetricTransformations) {
          const value = matched ? MetricValue : DefaultValue;
          if (value === undefined) continue;
          const unit = Unit === undefined ? {} : { unit: Unit };
          cloudWatch.put({
            namespace: MetricNamespace,
            name: MetricName,
            dimensions: {},
            value: Number(value),
            time,
            ...unit,
          });
        }
      });
      return { ref: name, attributes: {} };
    },
    remove: async ({ ref }) => logs.removeMetricFilter(ref),
  };
}

function patternProblems(pattern: unknown): string[] {
  if (isIntrinsic(pattern)) return [];
  try {
    filterOf(String(pattern));
    return [];
  } catch (error) {
    if (error instanceof ServiceError) return [`has a pattern: ${error.message}`];
    throw error;
  }
}
