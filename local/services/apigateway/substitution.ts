import { type Context, isContextName } from './context.ts';
import { ApiGatewayConfigurationError } from './errors.ts';

const NAME = 'context\\.(?<context>[\\w-]+(?:\\.[\\w-]+)*)|stageVariables\\.(?<stage>\\w+)';
/** `$context.x` or `${context.x}`: a brace behind the first belongs to the text. */
const VARIABLE = new RegExp(`\\$(?:${NAME})|\\$\\{(?:${NAME})\\}`, 'g');

interface Variable {
  readonly context?: string;
  readonly stage?: string;
}

/**
 * Texts with variables, but without VTL: gateway responses and access logs. Values are escaped for a JSON string, but for
 * `$context.error.messageString`, which brings its quotes.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/customize-gateway-responses.html
 */
export class Substitution {
  readonly #text: string;
  readonly #missing: string;

  /**
   * @param missing stands for what has no value
   * @throws ApiGatewayConfigurationError
   */
  constructor(text: string, missing: string, place: string) {
    this.#text = text;
    this.#missing = missing;
    const rest = replaceVariables(text, ({ context }, variable) => {
      if (context === undefined || isContextName(context)) return '';
      throw new ApiGatewayConfigurationError(place, `${variable} is no variable that is known here`);
    });
    const unknown = /\$[a-zA-Z{!][\w.]*|#[a-z]+\(/.exec(rest);
    if (unknown) {
      throw new ApiGatewayConfigurationError(
        place,
        `${unknown[0]} does not work here: $context and $stageVariables only, no VTL`,
      );
    }
  }

  fill(context: Context, stageVariables: Readonly<Record<string, string>>): string {
    return replaceVariables(this.#text, ({ context: name, stage }) => {
      const value = name === undefined ? stageVariables[stage!] : context.get(name);
      if (value === undefined || value === null) return this.#missing;
      return name === 'error.messageString' ? value : JSON.stringify(value).slice(1, -1);
    });
  }
}

function replaceVariables(text: string, value: (variable: Variable, source: string) => string): string {
  return text.replace(VARIABLE, (source, ...groups) => value(groups.at(-1) as Variable, source));
}
