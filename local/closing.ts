export interface ClosingOptions {
  /** Milliseconds that one step may take. */
  readonly limit: number;
  readonly failed: (line: string) => void;
}

/** What was started, to be stopped the other way round. Every step is tried, whatever the others do. */
export class Closing {
  readonly #options: ClosingOptions;
  readonly #steps: { readonly name: string; readonly close: () => unknown }[] = [];

  constructor(options: ClosingOptions) {
    this.#options = options;
  }

  add(name: string, close: () => unknown): void {
    this.#steps.push({ name, close });
  }

  /** Runs each step once, also when called again. */
  async close(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      const { name, close } = step;
      const outcome = await Promise.race([
        (async () => close())().then(
          () => undefined,
          (error: unknown) => `failed: ${error instanceof Error ? error.message : error}`,
        ),
        this.#overdue(),
      ]);
      if (outcome !== undefined) this.#options.failed(`stopping ${name} ${outcome}`);
    }
  }

  #overdue(): Promise<string> {
    const { limit } = this.#options;
    return new Promise((resolve) => {
      setTimeout(() => resolve(`took longer than ${limit} ms`), limit).unref();
    });
  }
}
