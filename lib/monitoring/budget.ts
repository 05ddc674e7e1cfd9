import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';

export interface MonthlyBudgetProps {
  readonly names: Names;
  /** USD. */
  readonly limit: number;
  readonly topicArn: string;
}

/**
 * What the resources of the deployment may cost a month, by their tag, which has to be activated for cost allocation
 * once in an account. @see https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
 */
export class MonthlyBudget extends Construct {
  constructor(scope: Construct, id: string, { names, limit, topicArn }: MonthlyBudgetProps) {
    super(scope, id);
    const toTopic = [{ subscriptionType: 'SNS', address: topicArn }];
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: names.budget,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: limit, unit: 'USD' },
        costFilters: { TagKeyValue: [`user:deployment$${names.deployment}`] },
      },
      notificationsWithSubscribers: [
        {
          notification: {
            notificationType: 'ACTUAL',
            comparisonOperator: 'GREATER_THAN',
            threshold: 80,
            thresholdType: 'PERCENTAGE',
          },
          subscribers: toTopic,
        },
        {
          notification: {
            notificationType: 'FORECASTED',
            comparisonOperator: 'GREATER_THAN',
            threshold: 100,
            thresholdType: 'PERCENTAGE',
          },
          subscribers: toTopic,
        },
      ],
    });
  }
}
