/** How busy a process is, from the CPU seconds that it reports now and then. */
export class CpuLoad {
  private seconds = 0;
  private time = 0;
  private known = false;
  /** Share of one core used between its last two reports; 0 until then. */
  share = 0;

  /** Another process: its seconds start at zero. */
  begin(): void {
    this.known = false;
    this.share = 0;
  }

  at(cpuSeconds: number, now: number = performance.now()): void {
    const passed = (now - this.time) / 1000;
    if (this.known && passed > 0) this.share = (cpuSeconds - this.seconds) / passed;
    [this.seconds, this.time, this.known] = [cpuSeconds, now, true];
  }
}
