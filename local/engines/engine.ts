import { type EngineOptions, EngineProcess } from './process.ts';

/** A server of which this runtime uses more than its process. */
export abstract class Engine {
  /** To be stopped and started by hand. */
  readonly process: EngineProcess;

  protected constructor(process: EngineProcess) {
    this.process = process;
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  /** Resolves when it answers, also while it is started again after it died. */
  ready(): Promise<void> {
    return this.process.ready();
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}

/** A process that answers; one that does not is stopped. @throws EngineError */
export async function startedProcess(options: EngineOptions): Promise<EngineProcess> {
  const engine = new EngineProcess(options);
  try {
    await engine.start();
  } catch (error) {
    await engine.stop();
    throw error;
  }
  return engine;
}
