/**
 * A rate that is saved up while it is not used. What is spent beyond it is a debt, and nothing more is admitted until
 * that is paid back.
 */
export class Allowance {
  readonly #rate: number;
  readonly #most: number;
  #left: number;
  #at: number;

  /**
   * @param rate a second
   * @param most that can be saved up
   * @param now milliseconds of a clock that never goes back
   */
  constructor(rate: number, most = rate, now = performance.now()) {
    this.#rate = rate;
    this.#most = most;
    this.#left = rate;
    this.#at = now;
  }

  /** Whether so much may be spent. What is more than can ever be saved up may when all is saved up. */
  admits(cost: number, now = performance.now()): boolean {
    this.#left = Math.min(this.#most, this.#left + ((now - this.#at) / 1000) * this.#rate);
    this.#at = now;
    return this.#left >= Math.min(cost, this.#most);
  }

  spend(cost: number): void {
    this.#left -= cost;
  }
}
