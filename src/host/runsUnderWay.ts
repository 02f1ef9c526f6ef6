/** Runs of one process, by the order in which they began. */
export class RunsUnderWay {
  /** Of each run that is under way, what had been looked for in vain when it began; the oldest first. */
  readonly #absences = new Map<number, number>();
  readonly #waiting: { readonly after: number; readonly resolve: () => void }[] = [];
  #began = 0;

  /**
   * @param absences how many looks of the process had found nothing so far (`ReadLog.absences`)
   * @returns what ends the run
   */
  begin(absences: number): () => void {
    const run = ++this.#began;
    this.#absences.set(run, absences);
    return () => {
      if (this.#absences.delete(run)) this.#release();
    };
  }

  /** Whether a run that is under way can be the one that looked for something in vain, and make it yet. */
  mayMake(absences: number): boolean {
    const [oldest] = this.#absences.values();
    return oldest !== undefined && oldest < absences;
  }

  /** Resolves once all runs are over that are under way now. */
  allOver(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ after: this.#began, resolve });
      this.#release();
    });
  }

  /** The process is gone, and its runs with it. */
  end(): void {
    this.#absences.clear();
    this.#release();
  }

  #release(): void {
    const [oldest = Infinity] = this.#absences.keys();
    while (this.#waiting.length > 0 && this.#waiting[0]!.after < oldest) this.#waiting.shift()!.resolve();
  }
}
