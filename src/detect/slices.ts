/** How long work may go on before others get their turn, in milliseconds. */
const sliceMs = 8;

/** Work in slices: nothing else on the event loop waits longer than one. */
export class Slices {
  private began = performance.now();
  private waiting: Promise<void> | null = null;

  /** Whether it is time to let others run. */
  get due(): boolean {
    return performance.now() - this.began > sliceMs;
  }

  /** Lets others run when it is time. */
  async rest(): Promise<void> {
    if (this.due) await this.yield();
  }

  /** Lets others run. All that wait here go on together, in one slice. */
  yield(): Promise<void> {
    this.waiting ??= new Promise((resolve) =>
      setImmediate(() => {
        this.waiting = null;
        this.began = performance.now();
        resolve();
      }),
    );
    return this.waiting;
  }
}
