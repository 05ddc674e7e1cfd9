import { createHash } from 'node:crypto';

/**
 * A physical name in CloudFormation's form, `<stack>-<logical id>-<12 characters>`, cut to fit. CloudFormation draws the
 * last part at random; here it is a hash, so that a name is the same at every start.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
 */
export function generatedName(stack: string, logicalId: string, maxLength = 64): string {
  const hash = createHash('sha256').update(`${stack}/${logicalId}`).digest('hex').slice(0, 12).toUpperCase();
  const room = maxLength - hash.length - 2;
  const stackPart = stack.slice(0, Math.max(Math.ceil(room / 2), room - logicalId.length));
  return [stackPart, logicalId.slice(0, room - stackPart.length), hash].filter((part) => part !== '').join('-');
}
