import { ResponseError } from 'vscode-jsonrpc/node';
import { UsageError } from '../base/errors.ts';
import { contentHash } from '../base/contentHash.ts';
import type { LmCall } from '../data/lm.ts';
import type { ProgramDescription, ProgramState } from '../data/program.ts';
import type { TrainingRow } from '../data/trace.ts';
import { Cancelled } from '../engine/errors.ts';
import type { CallLm, Program, ProgramRun, RowRequest, RunRequest } from '../engine/interfaces.ts';
import { crashMessage, endedWhile, loadError, place, protocolError, sameSources } from './hostErrors.ts';
import type { BlockedAt, HostExit, SpawnHost } from './hostProcess.ts';
import { CpuLoad } from './cpuLoad.ts';
import { createLogGate } from './logGate.ts';
import type { LogGate } from './logGate.ts';
import { Peer, PeerLost } from './peer.ts';
import type { InitializeParams, LogParams, RenderPromptParams } from './protocol.ts';
import { RunTicket } from './runTicket.ts';
import { reasonOf, SignalTickets } from './signalTickets.ts';
import { KilledWhileLoading, startAgainWhileKilled, wasKilled } from './startAgain.ts';
import { Suspects } from './suspects.ts';
import { watch } from './watchdog.ts';

/** A `Program` that lives in a child process. */
export interface ProgramHost extends Program {
  /**
   * The call that a predictor would make in a state: its final prompt, and its own settings. Asks no LM.
   *
   * @throws UsageError when the predictor or its adapter does not take the inputs.
   */
  renderPrompt(request: RenderPromptParams): Promise<LmCall>;
  /** Ends the process; runs under way reject. */
  close(): Promise<void>;
}

export interface HostClientOptions {
  /** Seconds one program run may take, not counting those in which it waits for an LM. Default 600. */
  readonly exampleSeconds?: number;
  /** Seconds without an answer after which the host's event loop counts as blocked by an endless loop. Default 60. */
  readonly blockedSeconds?: number;
  /** Seconds that loading the user's code may take. Default 120. */
  readonly startTimeoutSeconds?: number;
  /** What user code printed, held to a rate a person can read. */
  readonly onLog?: (log: LogParams) => void;
}

/**
 * Runs programs in a host process of any language, and starts another where user code took the process down.
 *
 * A death is no run's result: runs under way are tried again in halves (`Suspects`) until the one that kills its host
 * is alone; that one is a 'crash' or 'timeout' outcome, the others get their own. Runs asked for meanwhile wait.
 */
export class HostClient implements ProgramHost {
  private readonly spawn: SpawnHost;
  private readonly initialize: InitializeParams;
  private readonly options: HostClientOptions;
  private readonly gate: LogGate;
  private readonly blockedSeconds: number;
  private peer: Peer | null = null;
  private starting: Promise<Peer> | null = null;
  private description: ProgramDescription | null = null;
  private broken: unknown = null;
  private closed = false;
  private readonly active = new Map<number, RunTicket>();
  private readonly waiting: RunTicket[] = [];
  private readonly suspects = new Suspects<RunTicket>();
  /** The active runs are a group of suspects: nothing else runs beside them. */
  private trying = false;
  /** Where the process was when we found it blocked and killed it. */
  private blocked: BlockedAt | null = null;
  private runs = 0;
  private readonly cpuLoad = new CpuLoad();
  private readonly signals = new SignalTickets();
  private readonly hashes = new WeakMap<ProgramState, string>();

  private constructor(spawn: SpawnHost, initialize: InitializeParams, options: HostClientOptions) {
    this.spawn = spawn;
    this.initialize = initialize;
    this.options = options;
    this.blockedSeconds = Math.min(options.blockedSeconds ?? 60, this.exampleSeconds);
    this.gate = createLogGate({ onLog: options.onLog ?? (() => undefined) });
  }

  /**
   * Starts a host and loads the user's program and metric.
   *
   * @throws UsageError naming file, export or line when the user's code cannot be loaded.
   */
  static async start(spawn: SpawnHost, initialize: InitializeParams, options: HostClientOptions): Promise<HostClient> {
    const client = new HostClient(spawn, initialize, options);
    try {
      await client.ready();
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  async describe(): Promise<ProgramDescription> {
    await this.ready();
    return this.description!;
  }

  run(request: RunRequest, lm: CallLm, signal: AbortSignal): Promise<ProgramRun> {
    const ticket = new RunTicket(++this.runs, request, this.hashOf(request.state), lm);
    if (this.closed) ticket.fail(new Cancelled('The program host was closed.'));
    else if (signal.aborted) ticket.fail(reasonOf(signal));
    else {
      const stop = this.signals.add(signal, ticket);
      ticket.whenSettled(() => {
        stop();
        if (this.active.delete(ticket.id)) this.pump();
      });
      this.waiting.push(ticket);
      this.pump();
    }
    return ticket.outcome;
  }

  async renderRows(requests: readonly RowRequest[]): Promise<readonly TrainingRow[]> {
    const rows: TrainingRow[] = [];
    for (let at = 0; at < requests.length; at += rowsPerMessage) {
      const some = requests.slice(at, at + rowsPerMessage);
      rows.push(...(await this.whileAlive((peer) => peer.renderRows(some))));
    }
    return rows;
  }

  renderPrompt(request: RenderPromptParams): Promise<LmCall> {
    return this.whileAlive((peer) => peer.renderPrompt(request));
  }

  /** Share of one core that the process used lately. */
  cpuShare(): number {
    return this.cpuLoad.share;
  }

  async close(): Promise<void> {
    this.closed = true;
    const error = new Cancelled('The program host was closed.');
    for (const ticket of [...this.active.values(), ...this.waiting.splice(0), ...this.suspects.drain()]) {
      ticket.fail(error);
    }
    await this.peer?.shutdown(1);
    await this.starting?.then(
      (peer) => peer.shutdown(1),
      () => undefined,
    );
    this.gate.end();
  }

  private get exampleSeconds(): number {
    return this.options.exampleSeconds ?? 600;
  }

  /** Sends what can be sent now. */
  private pump(): void {
    if (this.closed) return;
    if (this.peer === null) {
      if (this.waiting.length > 0 || this.suspects.size > 0) {
        this.ready().then(
          () => this.pump(),
          (error: unknown) => this.giveUp(error),
        );
      }
      return;
    }
    if (this.trying && this.active.size > 0) return;
    this.trying = false;
    if (this.suspects.size > 0) {
      if (this.active.size > 0) return;
      this.trying = true;
      for (const ticket of this.suspects.next()) this.send(this.peer, ticket);
      if (this.active.size === 0) this.pump();
      return;
    }
    for (const ticket of this.waiting.splice(0)) this.send(this.peer, ticket);
  }

  private send(peer: Peer, ticket: RunTicket): void {
    if (ticket.settled) return;
    this.active.set(ticket.id, ticket);
    peer.run(ticket).then(
      (outcome) => ticket.finish(outcome),
      (error: unknown) => {
        // A host that died answers nothing: its runs are suspects now. A settled run was cancelled.
        if (peer.alive && this.peer === peer && !ticket.settled) ticket.fail(protocolError(error));
      },
    );
  }

  private ready(): Promise<Peer> {
    if (this.closed) return Promise.reject(new Cancelled('The program host was closed.'));
    if (this.broken !== null) return Promise.reject(this.broken);
    if (this.peer !== null) return Promise.resolve(this.peer);
    this.starting ??= this.startWhileKilled().finally(() => {
      this.starting = null;
    });
    return this.starting;
  }

  private async startWhileKilled(): Promise<Peer> {
    const { program, metric } = this.initialize;
    const what = `The program host ended while it loaded ${program} and ${metric}`;
    try {
      const peer = await startAgainWhileKilled(
        () => this.startPeer(),
        what,
        () => !this.closed,
      );
      this.peer = peer;
      void this.watchOver(peer);
      return peer;
    } catch (error) {
      this.broken = error;
      throw error;
    }
  }

  private async startPeer(): Promise<Peer> {
    const peer = new Peer(this.spawn(), {
      complete: (run, call, metric) => {
        const ticket = this.active.get(run);
        if (ticket === undefined) return Promise.reject(new Cancelled('This program run is over.'));
        return ticket.complete(call, metric ? 'metric' : 'program');
      },
      print: (stream, bytes) => this.gate.write(stream, bytes),
      unclear: (why) => {
        const text = `${why} What runs of the program give is not remembered from now on; LM answers are.\n`;
        this.options.onLog?.({ stream: 'stderr', text });
      },
    });
    try {
      const description = await this.load(peer);
      if (this.description !== null) sameSources(this.description, description);
      this.description = description;
      return peer;
    } catch (error) {
      peer.kill();
      throw error;
    }
  }

  private async watchOver(peer: Peer): Promise<void> {
    this.cpuLoad.begin();
    const stop = watch({
      blockedSeconds: this.blockedSeconds,
      ping: async () => this.cpuLoad.at(await peer.ping()),
      onAlive: (seconds) => this.spend(seconds),
      onBlocked: () => void this.unblock(peer),
    });
    const exit = await peer.exited;
    stop();
    this.died(exit);
  }

  /** @throws UsageError; KilledWhileLoading */
  private async load(peer: Peer): Promise<ProgramDescription> {
    const seconds = this.options.startTimeoutSeconds ?? 120;
    const late = timeout(seconds);
    const loading = peer.initialize(this.initialize);
    loading.catch(() => undefined);
    const slow = setTimeout(() => {
      this.options.onLog?.({ stream: 'stderr', text: `Loading ${this.initialize.program} …\n` });
    }, slowLoadMs);
    try {
      const first = await Promise.race([loading, peer.exited, late.promise]);
      if (first === 'late') {
        const at = await peer.whereBlocked();
        throw new UsageError(
          `Loading ${this.initialize.program} and ${this.initialize.metric} took more than ${seconds} seconds` +
            `${place(at)}. Move what takes long out of the import (models, indexes, downloads): into forward, or into a ` +
            `function that is called when it is first needed.`,
        );
      }
      if ('lastWords' in first) {
        if (first.reason === undefined && wasKilled(first)) throw new KilledWhileLoading(first);
        const { program, metric } = this.initialize;
        throw endedWhile(`The program host ended while it loaded ${program} and ${metric}`, first);
      }
      return first;
    } catch (error) {
      if (error instanceof ResponseError) throw loadError(error);
      throw error;
    } finally {
      clearTimeout(slow);
      late.cancel();
    }
  }

  /** Counts time against the runs that were not waiting for an LM. */
  private spend(seconds: number): void {
    for (const ticket of [...this.active.values()]) {
      if (ticket.waitsForLm) continue;
      ticket.busySeconds += seconds;
      if (ticket.busySeconds > this.exampleSeconds) {
        ticket.blame({
          kind: 'timeout',
          message: `The program did not finish within ${this.exampleSeconds} seconds (LM calls not counted).`,
        });
      }
    }
  }

  /** The event loop does not turn: finds out whose code it is and ends the process. */
  private async unblock(peer: Peer): Promise<void> {
    this.blocked = (await peer.whereBlocked()) ?? {};
    peer.kill();
  }

  private died(exit: HostExit): void {
    const alone = this.trying;
    const { blocked } = this;
    this.peer = null;
    this.trying = false;
    this.blocked = null;
    if (this.closed) return;
    const lost = [...this.active.values()];
    this.active.clear();
    if (exit.reason !== undefined) {
      // A thread of the import asked an LM: the next process would do so too.
      this.broken = new UsageError(exit.reason);
      for (const ticket of lost) ticket.fail(this.broken);
      this.giveUp(this.broken);
      return;
    }
    for (const ticket of lost) ticket.startAgain();
    if (blocked?.run !== undefined) {
      // It was named; it may also be one that was given up before, and then none here is to blame.
      this.suspects.acquitted(lost.filter((ticket) => ticket.id !== blocked.run));
      const culprit = lost.find((ticket) => ticket.id === blocked.run);
      if (culprit !== undefined) this.blameBlocked(culprit, blocked);
    } else {
      const culprit = this.suspects.died(lost, alone);
      if (culprit !== undefined && blocked !== null) this.blameBlocked(culprit, blocked);
      else culprit?.blame({ kind: 'crash', message: crashMessage(exit) });
    }
    this.pump();
  }

  private blameBlocked(ticket: RunTicket, at: BlockedAt): void {
    ticket.blame({
      kind: 'timeout',
      message: `The program kept the host busy for ${this.blockedSeconds} seconds without a pause: an endless loop?`,
      ...(at.file !== undefined && { file: at.file }),
      ...(at.line !== undefined && { line: at.line }),
      ...(at.cell !== undefined && { cell: at.cell }),
    });
  }

  private giveUp(error: unknown): void {
    for (const ticket of [...this.waiting.splice(0), ...this.suspects.drain()]) ticket.fail(error);
  }

  private async whileAlive<T>(ask: (peer: Peer) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const peer = await this.ready();
      try {
        return await ask(peer);
      } catch (error) {
        if (error instanceof PeerLost && attempt < 5) continue;
        throw protocolError(error);
      }
    }
  }

  /** States are immutable, so one object is hashed once. */
  private hashOf(state: ProgramState): string {
    let hash = this.hashes.get(state);
    if (hash === undefined) {
      hash = contentHash(state);
      this.hashes.set(state, hash);
    }
    return hash;
  }
}

/** From then on a person at the screen wants to know what is going on. */
const slowLoadMs = 5000;

/** Keeps messages, and the time the host's event loop is away, short. */
const rowsPerMessage = 100;

function timeout(seconds: number): { readonly promise: Promise<'late'>; cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), seconds * 1000);
  });
  return { promise, cancel: () => clearTimeout(timer) };
}
