const WINDOW_S = 10;

/** What came in the last seconds. */
export class RecentCount {
  /** Second -> count. */
  readonly #seconds = new Map<number, number>();

  /** @param now epoch milliseconds */
  add(count: number, now: number): void {
    const second = Math.floor(now / 1_000);
    this.#seconds.set(second, (this.#seconds.get(second) ?? 0) + count);
    for (const other of this.#seconds.keys()) if (other < second - WINDOW_S) this.#seconds.delete(other);
  }

  /** A second. @param now epoch milliseconds */
  rate(now: number): number {
    const oldest = Math.floor(now / 1_000) - WINDOW_S;
    const recent = [...this.#seconds].filter(([second]) => second >= oldest);
    return recent.reduce((sum, [, count]) => sum + count, 0) / (now / 1_000 - oldest);
  }
}
