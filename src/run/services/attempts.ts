/** Work of which each part is tried, whatever became of those before it. */
export class Attempts {
  readonly #errors: unknown[] = [];

  async make(work: () => void | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#errors.push(error);
    }
  }

  /** @throws what the first part that failed threw. */
  throwFirst(): void {
    if (this.#errors.length > 0) throw this.#errors[0];
  }
}
