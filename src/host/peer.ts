import { CancellationTokenSource, createMessageConnection, ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import type { CancellationToken, MessageConnection } from 'vscode-jsonrpc/node';
import { contentHash } from '../base/contentHash.ts';
import { messageOf } from '../base/errors.ts';
import type { LmAnswer, LmCall } from '../data/lm.ts';
import type { Example, ProgramDescription, ProgramState } from '../data/program.ts';
import type { TrainingRow } from '../data/trace.ts';
import { CallRejected } from '../engine/errors.ts';
import type { ProgramRun, RowRequest } from '../engine/interfaces.ts';
import type { CodeRequest, CodeResult, CodeWork } from '../engine/optimizerCode.ts';
import type { CompileCall, CompileRequest, Compiled } from '../engine/teleprompter.ts';
import type { CompileListener } from './compileReports.ts';
import { listenToCompile } from './compileReports.ts';
import './oneTurn.ts';
import type { BlockedAt, HostExit, HostProcess } from './hostProcess.ts';
import {
  readCompiled,
  readComplete,
  readDatasets,
  readDescription,
  readEnding,
  readEvaluation,
  readGathered,
  readLmCall,
  readLoadedOptimizer,
  readLoadedTeleprompter,
  readOutcome,
  readQuestion,
  readRows,
} from './messages.ts';
import {
  askRequest,
  compileRequest,
  completeRequest,
  endingNotification,
  evaluateRequest,
  gatherRequest,
  initializeRequest,
  loadOptimizerRequest,
  loadTeleprompterRequest,
  logNotification,
  optimizeRequest,
  pingRequest,
  putStateNotification,
  readsNotification,
  readDatasetsRequest,
  renderPromptRequest,
  renderRowsRequest,
  runRequest,
  shutdownNotification,
  statesKept,
} from './protocol.ts';
import type {
  DatasetRow,
  GatheredNotebook,
  GatherParams,
  InitializeParams,
  LmErrorData,
  LoadedOptimizer,
  LoadedTeleprompter,
  LoadOptimizerParams,
  LoadTeleprompterParams,
  LogParams,
  ReadDatasetsParams,
  RenderPromptParams,
} from './protocol.ts';
import { ReadLog } from './readLog.ts';
import { RunsUnderWay } from './runsUnderWay.ts';
import type { RunTicket } from './runTicket.ts';

/** The host process went away while it was being asked. */
export class PeerLost extends Error {
  override readonly name = 'PeerLost';
}

export interface PeerEvents {
  /** An LM call of the user's program; rejects like `CallLm`. */
  complete(run: number, call: LmCall, metric: boolean, sample?: CompileCall['sample']): Promise<LmAnswer>;
  /** What a user's own optimizer asks for. */
  readonly work?: CodeWork;
  /** What an optimizer of DSPy's reports. */
  readonly compiling?: CompileListener;
  print(stream: LogParams['stream'], bytes: Buffer | string): void;
  /** Once: it is not known any more what program runs depend on. */
  unclear?(why: string): void;
}

/** One live host process, spoken to over the protocol. Knows nothing of restarts. */
export class Peer {
  readonly exited: Promise<HostExit>;
  private readonly process: HostProcess;
  private readonly connection: MessageConnection;
  private readonly states = new Set<string>();
  private readonly read = new ReadLog();
  private readonly underWay = new RunsUnderWay();
  private gone = false;
  private ending: string | undefined;

  constructor(process: HostProcess, events: PeerEvents) {
    this.process = process;
    const connection = createMessageConnection(process.reader, process.writer, silent);
    this.connection = connection;
    connection.onRequest(completeRequest, (params) => {
      const { run, call, metric, sample } = readComplete(params);
      return answered(() => events.complete(run, call, metric, sample));
    });
    const { work, compiling } = events;
    if (work !== undefined) {
      connection.onRequest(evaluateRequest, (params) => answered(() => work.evaluate(readEvaluation(params))));
      connection.onRequest(askRequest, (params) => answered(() => work.ask(readQuestion(params))));
    }
    if (compiling !== undefined) listenToCompile(connection, compiling);
    connection.onNotification(logNotification, ({ stream, text }) => events.print(stream, text));
    connection.onNotification(readsNotification, (params) => {
      const why = this.read.receive(params);
      if (why !== null) events.unclear?.(why);
    });
    connection.onNotification(endingNotification, (params) => {
      this.ending = readEnding(params).reason;
    });
    process.onPrint((stream, bytes) => events.print(stream, bytes));
    // A closed or unreadable pipe leaves nothing to be said; the exit that follows is what counts.
    connection.onClose(() => process.kill());
    connection.onError(() => process.kill());
    this.exited = process.exited.then(async (exit) => {
      this.gone = true;
      this.underWay.end();
      const reason = await this.lastReason();
      connection.dispose();
      return reason === undefined ? exit : { ...exit, reason };
    });
    connection.listen();
  }

  get alive(): boolean {
    return !this.gone;
  }

  /** @throws the host's `HostErrorData` error when the user's code cannot be loaded. */
  async initialize(params: InitializeParams): Promise<ProgramDescription> {
    return readDescription(await this.answered(this.connection.sendRequest(initializeRequest, params)));
  }

  /** Runs the ticket's program; rejects with what `$/cancelRequest` makes of it once the ticket is settled. */
  async run(ticket: RunTicket): Promise<ProgramRun> {
    const { state, example, collecting, feedbackFor } = ticket.request;
    this.put(ticket.stateHash, state);
    const cancel = new CancellationTokenSource();
    const params = {
      run: ticket.id,
      state: ticket.stateHash,
      example: example.id,
      inputs: example.inputs,
      fields: example.fields,
      ...(example.made === undefined ? {} : { made: example.made }),
      collecting,
      ...(feedbackFor === undefined ? {} : { feedbackFor }),
    };
    const over = this.underWay.begin(this.read.absences);
    const answer = this.connection.sendRequest(runRequest, params, cancel.token).finally(over);
    ticket.whenSettled(() => {
      if (!this.gone) cancel.cancel();
    });
    const outcome = readOutcome(await answer);
    return { ...outcome, ...this.readByNow() };
  }

  private readByNow(): Pick<ProgramRun, 'reads'> {
    const atEnd = this.read.soFar();
    const { reads } = atEnd;
    if (reads === undefined || reads === null || !this.underWay.mayMake(this.read.absences)) return atEnd;
    return { reads: this.underWay.allOver().then(() => this.read.withoutWritten(reads)) };
  }

  async renderRows(requests: readonly RowRequest[]): Promise<readonly TrainingRow[]> {
    return readRows(await this.ask(this.connection.sendRequest(renderRowsRequest, { rows: requests })));
  }

  async renderPrompt(params: RenderPromptParams): Promise<LmCall> {
    return readLmCall(await this.ask(this.connection.sendRequest(renderPromptRequest, params)));
  }

  async readDatasets(params: ReadDatasetsParams): Promise<readonly (readonly DatasetRow[])[]> {
    return readDatasets(await this.answered(this.connection.sendRequest(readDatasetsRequest, params)));
  }

  async gather(params: GatherParams): Promise<readonly GatheredNotebook[]> {
    return readGathered(await this.answered(this.connection.sendRequest(gatherRequest, params)));
  }

  /** @throws the host's `HostErrorData` error when it cannot be loaded, or does not take its settings. */
  async loadOptimizer(params: LoadOptimizerParams): Promise<LoadedOptimizer> {
    return readLoadedOptimizer(await this.answered(this.connection.sendRequest(loadOptimizerRequest, params)));
  }

  /** What the optimizer that was loaded returned, and what it has read. */
  async optimize(request: CodeRequest, token: CancellationToken): Promise<CodeResult> {
    const returned = await this.answered(this.connection.sendRequest(optimizeRequest, request, token));
    return { returned, ...this.readByNow() };
  }

  /** Of a host that is initialized. @throws as `loadOptimizer`. */
  async loadTeleprompter(params: LoadTeleprompterParams): Promise<LoadedTeleprompter> {
    return readLoadedTeleprompter(await this.answered(this.connection.sendRequest(loadTeleprompterRequest, params)));
  }

  /** What a teleprompter made of the program, and what it has read. @param run of its LM calls. */
  async compile(
    run: number,
    optimizer: string,
    { state, train, validation, arguments: given, seed, threads }: CompileRequest,
    token: CancellationToken,
  ): Promise<Compiled> {
    const hash = contentHash(state);
    this.put(hash, state);
    const rows = { train: train.map(rowOf), validation: validation.map(rowOf) };
    const params = { run, optimizer, state: hash, ...rows, arguments: given, seed, threads };
    const compiled = await this.answered(this.connection.sendRequest(compileRequest, params, token));
    return { ...readCompiled(compiled), ...this.readByNow() };
  }

  /** Resolves to the CPU seconds that the process used so far. */
  async ping(): Promise<number> {
    return (await this.connection.sendRequest(pingRequest, {})).cpuSeconds;
  }

  whereBlocked(): Promise<BlockedAt | null> {
    return this.process.whereBlocked();
  }

  /** Lets the host end by itself, then makes it. */
  async shutdown(graceSeconds: number): Promise<void> {
    if (this.gone) return;
    void this.connection.sendNotification(shutdownNotification, {});
    const timer = setTimeout(() => this.process.kill(), graceSeconds * 1000);
    await this.exited;
    clearTimeout(timer);
  }

  kill(): void {
    this.process.kill();
  }

  /** A message that has come is handled some turns later, one a turn; what the process said last is not lost. */
  private async lastReason(): Promise<string | undefined> {
    for (let turn = 0; turn < turnsForLastMessages && this.ending === undefined; turn++) {
      await new Promise((next) => setImmediate(next));
    }
    return this.ending;
  }

  /** Host and parent forget states in the same order, so neither has to ask. */
  private put(hash: string, state: ProgramState): void {
    if (this.states.has(hash)) return;
    this.states.add(hash);
    if (this.states.size > statesKept) this.states.delete(this.states.values().next().value!);
    void this.connection.sendNotification(putStateNotification, { hash, state });
  }

  /** What the host itself answers; what the connection says of its own end waits for the end of the process. */
  private async answered<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (!(error instanceof ResponseError) || !ofConnection.has(error.code)) throw error;
      await this.exited;
      throw new PeerLost('The program host ended.');
    }
  }

  /** Requests are not answered by a process that died; its end answers for it. */
  private ask<T>(answer: Promise<T>): Promise<T> {
    answer.catch(() => undefined);
    return Promise.race([
      answer,
      this.exited.then((): never => {
        throw new PeerLost('The program host ended.');
      }),
    ]);
  }
}

const turnsForLastMessages = 20;

function rowOf({ id, inputs, fields, made }: Example) {
  return { row: id, inputs, fields, ...(made === undefined ? {} : { made }) };
}

/** What cannot be answered is sent to the host as `LmErrorData`. */
async function answered<T>(answer: () => Promise<T>): Promise<T | ResponseError<LmErrorData>> {
  try {
    return await answer();
  } catch (error) {
    return lmFailure(error);
  }
}

function lmFailure(error: unknown): ResponseError<LmErrorData> {
  const kind = error instanceof CallRejected ? 'rejected' : 'stop';
  return new ResponseError<LmErrorData>(-32000, messageOf(error), { kind });
}

/** Errors that the library makes by itself. */
const ofConnection: ReadonlySet<number> = new Set([
  ErrorCodes.MessageWriteError,
  ErrorCodes.PendingResponseRejected,
  ErrorCodes.ConnectionInactive,
]);

/** Connection trouble is seen as the end of the process; the library's own words would only repeat it. */
const silent = { error: () => undefined, warn: () => undefined, info: () => undefined, log: () => undefined };
