import { availableParallelism } from 'node:os';
import { messageOf } from '../base/errors.ts';
import type { LmCall } from '../data/lm.ts';
import type { ProgramDescription } from '../data/program.ts';
import type { TrainingRow } from '../data/trace.ts';
import type { CallLm, ProgramRun, RowRequest, RunRequest } from '../engine/interfaces.ts';
import type { ProgramHost } from './hostClient.ts';
import { differentSources } from './hostErrors.ts';
import type { RenderPromptParams } from './protocol.ts';

/** A host that says how busy its process is. */
export interface Worker extends ProgramHost {
  /** Share of one core that the process used lately, 0…1 and more. */
  cpuShare(): number;
}

export interface PoolOptions {
  /** Processes at most. Default: a core is left to the run process, and no more than 8. */
  readonly most?: number | undefined;
  /** Processes from the start on, and kept. Default 1. */
  readonly atOnce?: number | undefined;
  /** Something people should know: another process was started, or could not be. */
  readonly log?: (line: string) => void;
  /** Milliseconds between two looks at how busy the processes are. Default 1000. */
  readonly lookEveryMs?: number;
}

/** A process that uses this much of a core has no more to give: Python has one lock, Node one thread. */
const saturated = 0.8;

/** Looks in a row at which all processes were saturated before another is started: a start costs seconds itself. */
const patience = 3;

/**
 * One program in several processes, where one is bound by its CPU. Each is a whole host with its own restarts and time
 * limits; a run goes to the process with the fewest runs under way. More processes are started only while all there are
 * use up a core, so a program that waits for its LM stays in one.
 */
export class HostPool implements ProgramHost {
  private readonly open: () => Promise<Worker>;
  private readonly most: number;
  private readonly log: (line: string) => void;
  private readonly members: { readonly worker: Worker; runs: number }[] = [];
  private readonly timer: NodeJS.Timeout | null;
  private hot = 0;
  private growing: Promise<void> | null = null;
  private closed = false;

  private constructor(open: () => Promise<Worker>, workers: readonly Worker[], options: PoolOptions) {
    this.open = open;
    this.most = Math.max(workers.length, options.most ?? Math.min(8, availableParallelism() - 1));
    this.log = options.log ?? (() => undefined);
    for (const worker of workers) this.members.push({ worker, runs: 0 });
    this.timer = workers.length < this.most ? setInterval(() => this.look(), options.lookEveryMs ?? 1000) : null;
    this.timer?.unref();
  }

  /** @throws as `open` does, for the first process. */
  static async start(open: () => Promise<Worker>, options: PoolOptions = {}): Promise<ProgramHost> {
    const first = await open();
    if (options.most === 1) return first;
    const rest = await Promise.allSettled(Array.from({ length: (options.atOnce ?? 1) - 1 }, () => open()));
    const workers = [first, ...rest.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))];
    const failed = rest.find((each) => each.status === 'rejected');
    if (failed === undefined) return new HostPool(open, workers, options);
    await Promise.all(workers.map((worker) => worker.close()));
    throw failed.reason;
  }

  get size(): number {
    return this.members.length;
  }

  describe(): Promise<ProgramDescription> {
    return this.members[0]!.worker.describe();
  }

  async run(request: RunRequest, lm: CallLm, signal: AbortSignal): Promise<ProgramRun> {
    const member = this.members.reduce((least, each) => (each.runs < least.runs ? each : least));
    member.runs++;
    try {
      return await member.worker.run(request, lm, signal);
    } finally {
      member.runs--;
    }
  }

  renderRows(requests: readonly RowRequest[]): Promise<readonly TrainingRow[]> {
    return this.members[0]!.worker.renderRows(requests);
  }

  renderPrompt(request: RenderPromptParams): Promise<LmCall> {
    return this.members[0]!.worker.renderPrompt(request);
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.timer !== null) clearInterval(this.timer);
    await Promise.all(this.members.map(({ worker }) => worker.close()));
    await this.growing;
  }

  private look(): void {
    const busy = this.members.every(({ worker, runs }) => runs > 1 && worker.cpuShare() >= saturated);
    this.hot = busy ? this.hot + 1 : 0;
    if (this.hot < patience || this.growing !== null) return;
    this.hot = 0;
    this.growing = this.grow().finally(() => {
      this.growing = null;
    });
  }

  private async grow(): Promise<void> {
    try {
      const worker = await this.open();
      if (this.closed) return await worker.close();
      const changed = differentSources(await this.describe(), await worker.describe());
      if (changed.length > 0) {
        await worker.close();
        throw new Error(`${changed.join(', ')} changed while the run was under way`);
      }
      this.members.push({ worker, runs: 0 });
      this.log(`The program is bound by its CPU: it runs in ${this.members.length} processes now.`);
      if (this.members.length >= this.most && this.timer !== null) clearInterval(this.timer);
    } catch (error) {
      if (this.timer !== null) clearInterval(this.timer);
      if (!this.closed) this.log(`No more processes for the program: ${messageOf(error)}.`);
    }
  }
}
