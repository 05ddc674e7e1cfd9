import type { ResourceType } from './resource.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-budgets-budget.html */
export function budget(): ResourceType {
  const why = 'nothing costs money here';
  return {
    type: 'AWS::Budgets::Budget',
    implemented: [],
    inert: { Budget: why, NotificationsWithSubscribers: why, ResourceTags: 'nothing here reads tags' },
    create: async ({ properties, generatedName }) => ({
      ref: properties['Budget']?.BudgetName ?? generatedName(100),
      attributes: {},
    }),
  };
}
