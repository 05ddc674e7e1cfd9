import { Compiler } from './compiler.ts';
import { Run, type Write } from './run.ts';
import type { Scope } from './scope.ts';
import { TemplateFault } from './syntax.ts';

/** A template that cannot be deployed, or cannot be rendered for an input. Says where and which construct. */
export class MappingTemplateError extends Error {
  constructor(where: string, line: number, message: string) {
    super(`mapping template of ${where}, line ${line}: ${message}`);
    this.name = 'MappingTemplateError';
  }
}

/** A mapping template, ready to render. */
export class Template {
  readonly where: string;
  readonly #write: Write;

  /**
   * @param where the route and part, for messages
   * @throws MappingTemplateError for whatever this engine does not know
   */
  constructor(source: string, where: string) {
    this.where = where;
    try {
      this.#write = new Compiler(source).compile();
    } catch (error) {
      throw located(where, error);
    }
  }

  /** @throws MappingTemplateError where API Gateway would fail, print a reference's own name, or do what is not known here. */
  render(scope: Scope): string {
    const run = new Run(scope);
    try {
      this.#write(run);
    } catch (error) {
      throw located(this.where, error);
    }
    return run.out;
  }
}

const located = (where: string, error: unknown): unknown =>
  error instanceof TemplateFault ? new MappingTemplateError(where, error.line, error.message) : error;
