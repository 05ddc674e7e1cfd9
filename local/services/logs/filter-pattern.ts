import { ServiceError } from '../service.ts';

/** `{ $.status = "5*" }` and `{ $.path = %^/prod% }`: the field, a text in which `*` stands for anything, or a regular expression. */
const FIELD = /^\{\s*\$\.(\w+)\s*=\s*(?:"([^"]*)"|%([^%]*)%)\s*\}$/;

/**
 * Filter patterns of text (every `term` and `"phrase"`, none of `-term`, and one of the `?term`s if there are any), and
 * those of one field of a JSON object, told by a text or by a regular expression.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForLogs.html
 *
 * @throws ServiceError InvalidParameterException for other patterns of JSON, and for space-delimited ones
 */
export function filterOf(pattern: string): (message: string) => boolean {
  const text = pattern.trim();
  const [, field, wanted, expression] = FIELD.exec(text) ?? [];
  if (field !== undefined) return fieldFilter(field, expression ?? `^${globbed(wanted!)}$`);
  if (/^[{[%]/.test(text)) {
    throw new ServiceError(
      'InvalidParameterException',
      `The filter pattern ${text} is not supported here: use terms and "phrases", with - or ? before them, or { $.field = "text" }.`,
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

function fieldFilter(field: string, expression: string): (message: string) => boolean {
  const wanted = regularExpression(expression);
  return (message) => {
    const value = fieldsOf(message)[field];
    return (typeof value === 'string' || typeof value === 'number') && wanted.test(String(value));
  };
}

function regularExpression(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (error) {
    throw new ServiceError('InvalidParameterException', (error as Error).message);
  }
}

const globbed = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');

function fieldsOf(message: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(message) ?? {}) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
