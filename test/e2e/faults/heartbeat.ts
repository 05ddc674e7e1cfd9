import { setTimeout as sleep } from 'node:timers/promises';
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';

const PAUSE_MS = 3_000;

/** Every few seconds what is scheduled for every minute, so that nobody waits for it. What fails is what alarms tell. */
export class Heartbeat {
  readonly #ended = new AbortController();
  readonly #beating: Promise<unknown>;

  /**
   * @param lambda of the runtime as it is then: one may be restarted
   * @param functions `observe`, without the deployment
   */
  constructor(lambda: () => LambdaClient, functions: readonly string[]) {
    this.#beating = Promise.all(functions.map((name) => this.#beat(lambda, `pinflow-demo-${name}`)));
  }

  async #beat(lambda: () => LambdaClient, FunctionName: string): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      await lambda()
        .send(new InvokeCommand({ FunctionName }))
        .catch(() => {});
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Resolves when no invocation is under way. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#beating;
  }
}
