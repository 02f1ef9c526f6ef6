import type { JobProcesses } from '../../src/finetune/base/jobProcesses.ts';

/** Processes that do nothing but run until they are told to have ended. */
export class FakeJobProcesses implements JobProcesses {
  readonly started: string[] = [];
  readonly stopped: string[] = [];
  readonly running = new Set<string>();

  async start(place: string) {
    this.started.push(place);
    this.running.add(place);
  }
  isRunning(place: string) {
    return this.running.has(place);
  }
  async stop(place: string) {
    this.stopped.push(place);
    this.running.delete(place);
  }
}
