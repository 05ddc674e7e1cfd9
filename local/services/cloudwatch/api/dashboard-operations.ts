import { ServiceError } from '../../service.ts';
import { optional, paged, required } from './input.ts';
import { EVERYTHING, type Operation, type OperationsContext } from './operations.ts';

const PAGE = 1_000;

export function dashboardOperations({ cloudWatch, account }: OperationsContext): Record<string, Operation> {
  return {
    GetDashboard: {
      access: (input) => [{ resource: `arn:aws:cloudwatch::${account}:dashboard/${String(input['DashboardName'])}` }],
      call: (input) => {
        const name = required(input, 'DashboardName');
        const found = cloudWatch.dashboard(name);
        if (found === undefined) {
          throw new ServiceError('DashboardNotFoundError', `Dashboard ${name} does not exist`, 404);
        }
        return { DashboardArn: found.arn, DashboardBody: found.body, DashboardName: name };
      },
    },
    ListDashboards: {
      access: () => EVERYTHING,
      call: (input) => {
        const prefix = optional(input['DashboardNamePrefix']) ?? '';
        const found = cloudWatch.dashboards().filter(({ name }) => name.startsWith(prefix));
        const { page, ...next } = paged(found, input['NextToken'], PAGE);
        return {
          DashboardEntries: page.map(({ name, arn, body, modified }) => ({
            DashboardName: name,
            DashboardArn: arn,
            LastModified: new Date(modified),
            Size: Buffer.byteLength(body),
          })),
          ...next,
        };
      },
    },
  };
}
