import type { CloudWatchService } from '../services/cloudwatch/service.ts';
import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-dashboard.html */
export function cloudWatchDashboard(cloudWatch: CloudWatchService): ResourceType {
  return {
    type: 'AWS::CloudWatch::Dashboard',
    implemented: ['DashboardBody', 'DashboardName'],
    inert: { Tags: 'nothing here reads tags' },
    async create({ path, properties, generatedName }) {
      const name: string = properties['DashboardName'] ?? generatedName(255);
      const body: string = properties['DashboardBody'];
      if (!isDashboard(body)) throw new Error(`${path}: the DashboardBody is not a JSON object with widgets`);
      cloudWatch.putDashboard(name, body);
      return { ref: name, attributes: {} };
    },
    remove: async ({ ref }) => cloudWatch.removeDashboard(ref),
  };
}

function isDashboard(body: string): boolean {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && 'widgets' in parsed && Array.isArray(parsed.widgets);
  } catch {
    return false;
  }
}
