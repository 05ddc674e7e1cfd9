import { Dashboard, type IWidget, PeriodOverride } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { ArnFormat, Aws, CfnOutput } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { IngestStack } from '../ingest/ingest-stack.ts';
import { type Deployment, PinflowStack } from '../pinflow-stack.ts';
import type { MonitoringProfile } from '../profiles/monitoring.ts';
import { makeAlarms, type PinflowAlarm } from './alarm.ts';
import { SEVERITIES, type Severity } from './alarm-settings.ts';
import { MonthlyBudget } from './budget.ts';
import { businessWidgets } from './business-dashboard.ts';
import { CanaryFunction, canaryOf } from './canary-function.ts';
import { costWidgets } from './cost-dashboard.ts';
import { healthWidgets } from './health-dashboard.ts';
import { ObserveFunction } from './observe-function.ts';
import { Sources } from './sources.ts';
import { WidgetFunction } from './widget-function.ts';

export interface MonitoringStackProps extends Deployment {
  readonly settings: MonitoringProfile;
  readonly ingest: IngestStack;
}

/** Dashboards, alarms with a runbook each, and what looks at the deployment from outside. It can be deleted at any time. */
export class MonitoringStack extends PinflowStack {
  readonly alarms: readonly PinflowAlarm[];
  readonly topics: Readonly<Record<Severity, ITopic>>;

  constructor(scope: Construct, { settings, ingest, ...props }: MonitoringStackProps) {
    super(scope, 'monitoring', props, { description: 'Pinflow: dashboards, alarms and the canary' });
    const { names, profile } = this;
    const [critical, warning] = SEVERITIES.map((severity) => this.topic(severity));
    this.topics = { critical: critical!, warning: warning! };
    const machineArn = this.formatArn({
      service: 'states',
      resource: 'stateMachine',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      resourceName: names.batchMachine,
    });
    const sources = new Sources(names, profile, machineArn);
    this.alarms = makeAlarms(this, sources, this.topics);
    const widget = new WidgetFunction(this, 'Widget', { names, profile });
    const { ref: scheduleGroup } = new CfnScheduleGroup(this, 'Schedules', { name: names.scheduleGroups.monitoring });
    new ObserveFunction(this, 'Observe', { names, profile, settings, scheduleGroup });
    const canary = canaryOf(profile);
    if (canary) {
      const { restApi } = ingest.api;
      new CanaryFunction(this, 'Canary', { names, profile, canary, restApi, scheduleGroup });
    }
    new MonthlyBudget(this, 'Budget', { names, limit: settings.budget, topicArn: this.topics.warning.topicArn });

    const { INHERIT, AUTO } = PeriodOverride;
    this.dashboard('business', INHERIT, businessWidgets(sources, widget.function.functionArn));
    this.dashboard('health', AUTO, healthWidgets(sources, this.alarms));
    this.dashboard('cost', INHERIT, costWidgets(sources));
    for (const severity of SEVERITIES) {
      new CfnOutput(this, `${severity === 'critical' ? 'Critical' : 'Warning'}AlarmsTopicArn`, {
        value: this.topics[severity].topicArn,
        description: `Subscribe to it to hear of alarms of severity ${severity}`,
      });
    }
  }

  private topic(severity: Severity): ITopic {
    const topic = new Topic(this, `Alarms-${severity}`, {
      topicName: this.names.alarmTopics[severity],
      displayName: `Pinflow ${this.names.deployment} ${severity}`,
      enforceSSL: true,
    });
    topic.addToResourcePolicy(
      new PolicyStatement({
        actions: ['sns:Publish'],
        principals: [
          new ServicePrincipal('cloudwatch.amazonaws.com'),
          ...(severity === 'warning' ? [new ServicePrincipal('budgets.amazonaws.com')] : []),
        ],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    );
    return topic;
  }

  /** @param periods whether the widgets' own are kept, as their titles say them, or follow the range of time that is looked at */
  private dashboard(
    name: keyof PinflowStack['names']['dashboards'],
    periods: PeriodOverride,
    widgets: readonly (readonly IWidget[])[],
  ): void {
    const dashboardName = this.names.dashboards[name];
    new Dashboard(this, `Dashboard-${name}`, {
      dashboardName,
      start: name === 'cost' ? '-P1D' : '-PT1H',
      periodOverride: periods,
      widgets: widgets.map((row) => [...row]),
    });
    const title = `${name[0]!.toUpperCase()}${name.slice(1)}`;
    new CfnOutput(this, `${title}DashboardUrl`, {
      value: `https://${Aws.REGION}.console.aws.amazon.com/cloudwatch/home?region=${Aws.REGION}#dashboards/dashboard/${dashboardName}`,
      description: `The dashboard ${dashboardName}`,
    });
  }
}
