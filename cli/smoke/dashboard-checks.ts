import { GetDashboardCommand } from '@aws-sdk/client-cloudwatch';
import type { Clients } from '../aws.ts';
import { type Check, expectThat } from './check.ts';

/** Each dashboard is there under its name, with widgets. */
export function dashboardChecks({ cloudwatch }: Pick<Clients, 'cloudwatch'>, names: readonly string[]): Check[] {
  return names.map((name) => ({
    about: 'look',
    name,
    run: async () => {
      const { DashboardBody } = await cloudwatch.send(new GetDashboardCommand({ DashboardName: name }));
      const { widgets = [] } = JSON.parse(DashboardBody ?? '{}') as { readonly widgets?: readonly unknown[] };
      expectThat(widgets.length > 0, `the dashboard ${name} has no widgets`);
      return `${widgets.length} widgets`;
    },
  }));
}
