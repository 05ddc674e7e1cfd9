type Callback = (error: Error | null, value?: unknown) => void;

/** dynalite's LevelDB. */
export interface Readings {
  get(key: string, callback: Callback): void;
  getSync(key: string): unknown;
}

/**
 * Makes the store read in this thread: what LevelDB or the system has in memory takes some microseconds, and each
 * operation waits for two such reads, while handing one to another thread and back takes ten times as long.
 */
export function readAtOnce(db: Readings): void {
  db.get = (key, callback) => {
    let value: unknown;
    try {
      value = db.getSync(key);
    } catch (error) {
      setImmediate(callback, error as Error);
      return;
    }
    setImmediate(callback, null, value);
  };
}
