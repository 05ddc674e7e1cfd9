import { ServiceError } from '../service.ts';

/**
 * Unstructured filter patterns: every `term` and `"phrase"`, none of `-term`, and one of the `?term`s if there are any.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForLogs.html
 *
 * @throws ServiceError InvalidParameterException for JSON, space-delimited and regular-expression patterns
 */
export function filterOf(pattern: string): (message: string) => boolean {
  const text = pattern.trim();
  if (/^[{[%]/.test(text)) {
    throw new ServiceError(
      'InvalidParameterException',
      `The filter pattern ${text} is not supported here: use terms and "phrases", with - or ? before them.`,
    );
  }
  const terms = [...text.matchAll(/([-?]?)(?:"([^"]*)"|(\S+))/g)].map(([, sign, phrase, word]) => ({
    sign,
    term: phrase ?? word ?? '',
  }));
  const having = (sign: string) => terms.filter((one) => one.sign === sign).map(({ term }) => term);
  const [all, none, some] = [having(''), having('-'), having('?')];
  return (message) =>
    all.every((term) => message.includes(term)) &&
    !none.some((term) => message.includes(term)) &&
    (some.length === 0 || some.some((term) => message.includes(term)));
}
