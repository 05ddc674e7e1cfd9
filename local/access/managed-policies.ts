import { type Policy, parsePolicy } from './policy.ts';

const documents: Readonly<Record<string, object>> = {
  // https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonAPIGatewayPushToCloudWatchLogs.html
  'service-role/AmazonAPIGatewayPushToCloudWatchLogs': {
    Statement: {
      Effect: 'Allow',
      Action: [
        'logs:CreateLogGroup',
        'logs:CreateLogStream',
        'logs:DescribeLogGroups',
        'logs:DescribeLogStreams',
        'logs:FilterLogEvents',
        'logs:GetLogEvents',
        'logs:PutLogEvents',
      ],
      Resource: '*',
    },
  },
};

/** A policy that AWS keeps, by its ARN; undefined when its document is not known here. */
export function managedPolicy(arn: string): Policy | undefined {
  const name = arn.slice(arn.indexOf(':policy/') + ':policy/'.length);
  const document = arn.includes(':iam::aws:policy/') ? documents[name] : undefined;
  return document === undefined ? undefined : parsePolicy(document, `managed policy ${name}`);
}
