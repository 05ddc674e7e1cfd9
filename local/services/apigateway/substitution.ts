import { type Context, isContextName } from './context.ts';
import { ApiGatewayConfigurationError } from './errors.ts';

const VARIABLE = /\$\{?(?:context\.([\w-]+(?:\.[\w-]+)*)|stageVariables\.(\w+))\}?/g;

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
    const rest = text.replace(VARIABLE, (variable, name?: string) => {
      if (name === undefined || isContextName(name)) return '';
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
    return this.#text.replace(VARIABLE, (_, name: string | undefined, stageVariable: string) => {
      const value = name === undefined ? stageVariables[stageVariable] : context.get(name);
      if (value === undefined || value === null) return this.#missing;
      return name === 'error.messageString' ? value : JSON.stringify(value).slice(1, -1);
    });
  }
}
