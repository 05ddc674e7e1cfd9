import { ServiceError } from './service.ts';

export interface LevelStoreOptions<S> {
  /** Whose store it is, for people. */
  readonly service: string;
  /** The error of the service for a fault of its own, such as `InternalFailure`. */
  readonly faultCode: string;
  open(): Promise<S>;
  close(store: S): Promise<void>;
  readonly log?: (line: string) => void;
}

interface Opened<S> {
  readonly store: S;
  users: number;
  fault: Error | undefined;
  /** Called when the last user leaves. */
  left: () => void;
}

/** At most so often is it tried to open a store anew. */
const REOPEN_EVERY_MS = 500;

/**
 * A LevelDB store that survives a full disk. A failed write can leave half a record at the end of LevelDB's log, and
 * what is written behind that is lost at the next start, although it was acknowledged. So after a failed write nothing
 * more is acknowledged before the store was opened anew, which cuts the log off where it is whole.
 */
export class LevelStore<S> {
  readonly #options: LevelStoreOptions<S>;
  #opened: Opened<S>;
  #reopening: Promise<Opened<S>> | undefined;
  #triedAt = 0;

  private constructor(options: LevelStoreOptions<S>, store: S) {
    this.#options = options;
    this.#opened = openedOf(store);
  }

  static async open<S>(options: LevelStoreOptions<S>): Promise<LevelStore<S>> {
    return new LevelStore(options, await options.open());
  }

  async close(): Promise<void> {
    await this.#reopening?.catch(() => {});
    if (this.#opened.fault === undefined) await this.#options.close(this.#opened.store);
  }

  /**
   * Runs work on the store. It must not call `use` itself: a store is opened anew when nobody uses the old one.
   * @throws ServiceError of the service's fault, with status 500, when the store cannot be written or opened
   */
  async use<T>(work: (store: S) => Promise<T>): Promise<T> {
    const opened = this.#opened.fault === undefined ? this.#opened : await this.#reopened();
    opened.users += 1;
    try {
      const result = await work(opened.store);
      if (opened.fault !== undefined) throw this.#refusal(opened.fault);
      return result;
    } catch (error) {
      if (!isFault(error)) throw error;
      if (opened.fault === undefined) {
        opened.fault = error;
        this.#options.log?.(`${this.#options.service} refuses calls until its store works again: ${error.message}`);
      }
      throw this.#refusal(error);
    } finally {
      opened.users -= 1;
      if (opened.users === 0) opened.left();
    }
  }

  #reopened(): Promise<Opened<S>> {
    this.#reopening ??= this.#reopen().finally(() => {
      this.#reopening = undefined;
    });
    return this.#reopening;
  }

  async #reopen(): Promise<Opened<S>> {
    const old = this.#opened;
    if (performance.now() - this.#triedAt < REOPEN_EVERY_MS) throw this.#refusal(old.fault!);
    if (old.users > 0) {
      await new Promise<void>((resolve) => {
        old.left = resolve;
      });
    }
    this.#triedAt = performance.now();
    await this.#options.close(old.store).catch(() => {});
    try {
      this.#opened = openedOf(await this.#options.open());
    } catch (error) {
      old.fault = error as Error;
      throw this.#refusal(old.fault);
    }
    this.#options.log?.(`${this.#options.service} has opened its store anew and works again.`);
    return this.#opened;
  }

  #refusal({ message, cause }: Error): ServiceError {
    const why = cause instanceof Error ? cause.message : message;
    return new ServiceError(
      this.#options.faultCode,
      `The store of ${this.#options.service} does not work: ${why}`,
      500,
    );
  }
}

const openedOf = <S>(store: S): Opened<S> => ({ store, users: 0, fault: undefined, left: () => {} });

/** LevelDB's own words, whichever binding gives them. */
const isFault = (error: unknown): error is Error =>
  error instanceof Error && !(error instanceof ServiceError) && /^IO error|^Corruption/.test(error.message);
