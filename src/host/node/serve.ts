import { realpathSync } from 'node:fs';
import { Socket } from 'node:net';
import { createMessageConnection, ResponseError, StreamMessageReader } from 'vscode-jsonrpc/node';
import type { CancellationToken, Message } from 'vscode-jsonrpc/node';
import { messageOf } from '../../base/errors.ts';
import type { LmAnswer, LmCall } from '../../data/lm.ts';
import type { ProgramState } from '../../data/program.ts';
import type { ProgramOutcome, TrainingRow } from '../../data/trace.ts';
import type { CodeRequest } from '../../engine/optimizerCode.ts';
import { renderRow } from '../../program/rows.ts';
import { BatchingMessageWriter } from '../batchingWriter.ts';
import { hostErrorSchema } from '../messages.ts';
import '../oneTurn.ts';
import {
  askRequest,
  completeRequest,
  endingNotification,
  evaluateRequest,
  initializeRequest,
  initializeSchema,
  loadOptimizerRequest,
  loadOptimizerSchema,
  optimizeRequest,
  pingRequest,
  putStateNotification,
  readDatasetsRequest,
  readsNotification,
  renderPromptRequest,
  renderRowsRequest,
  runRequest,
  shutdownNotification,
  statesKept,
} from '../protocol.ts';
import type {
  HostErrorData,
  LmErrorData,
  LoadedOptimizer,
  ReadsParams,
  RenderPromptParams,
  RenderRowsParams,
  RunParams,
} from '../protocol.ts';
import { readDatasets } from './datasets.ts';
import { guardProcess } from './guards.ts';
import { guardImports } from './importGuard.ts';
import { loadUserCode } from './load.ts';
import type { LoadedHost } from './load.ts';
import { LoadError } from './loadError.ts';
import { noticeReads } from './reads/noticeReads.ts';
import { RunContext } from './runContext.ts';
import { runExample } from './runExample.ts';
import { PromptError, showPrompt } from './showPrompt.ts';
import { currentRunKey } from './stallWatch.ts';
import { CallRejectedError } from './userError.ts';
import { OptimizerFailed, UserOptimizer } from './userOptimizer.ts';
import type { OptimizerParent } from './userOptimizer.ts';

/** The pipe that carries the protocol. */
const protocolPipe = 3;

/** Answers the parent until it goes away. */
export function serve(sdkPath: string): void {
  const exit = guardProcess();
  const socket = new Socket({ fd: protocolPipe, readable: true, writable: true });
  socket.on('close', () => exit(0));
  const writer = new BatchingMessageWriter(socket);
  const connection = createMessageConnection(new StreamMessageReader(socket), writer);
  const end = (reason: string): never => {
    const { method } = endingNotification;
    writer.writeNow({ jsonrpc: '2.0', method, params: { reason } } as Message, protocolPipe);
    process.removeAllListeners('exit');
    return exit(1);
  };
  const host = new NodeHost(sdkPath, {
    ask: (run, call, metric) => connection.sendRequest(completeRequest, { run, call, metric }),
    work: {
      evaluate: (asked) => connection.sendRequest(evaluateRequest, asked),
      ask: (question) => connection.sendRequest(askRequest, question),
    },
    tellReads: (reads) => void connection.sendNotification(readsNotification, reads),
    end,
  });
  connection.onRequest(initializeRequest, (params) => answer(host.initialize(params)));
  connection.onRequest(readDatasetsRequest, (params) => answer(readDatasets(params, sdkPath, end)));
  connection.onRequest(loadOptimizerRequest, (params) => answer(host.loadOptimizer(params)));
  connection.onRequest(optimizeRequest, (params, token) => answer(host.optimize(params, token)));
  connection.onNotification(putStateNotification, ({ hash, state }) => host.putState(hash, state));
  connection.onRequest(runRequest, (params, token) => answer(host.run(params, token)));
  connection.onRequest(renderRowsRequest, (params) => answer(host.renderRows(params)));
  connection.onRequest(renderPromptRequest, (params) => answer(host.renderPrompt(params)));
  connection.onRequest(pingRequest, () => ({ cpuSeconds: cpuSeconds() }));
  connection.onNotification(shutdownNotification, () => exit(0));
  connection.onClose(() => exit(0));
  Object.defineProperty(globalThis, Symbol.for(currentRunKey), { value: () => RunContext.current()?.run ?? null });
  connection.listen();
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** What the host says to the run process by itself. */
interface Parent {
  ask(run: number, call: LmCall, metric: boolean): Promise<LmAnswer>;
  readonly work: OptimizerParent;
  tellReads(reads: ReadsParams): void;
  /** Says why, and ends the process at once: nothing of the user's code goes on. */
  end(reason: string): never;
}

class NodeHost {
  private readonly sdkPath: string;
  private readonly parent: Parent;
  private newReads: () => ReadsParams | null = () => null;
  private readonly states = new Map<string, ProgramState>();
  private loaded: LoadedHost | null = null;
  private optimizer: UserOptimizer | null = null;

  constructor(sdkPath: string, parent: Parent) {
    this.sdkPath = sdkPath;
    this.parent = parent;
  }

  async initialize(params: unknown): Promise<LoadedHost['description']> {
    const given = initializeSchema.parse(params);
    const end = (reason: string): never => this.parent.end(reason);
    this.loaded = await guardImports(realpathSync(given.workspace), end, () =>
      loadUserCode(given, this.sdkPath, () => {
        this.newReads = noticeReads(this.sdkPath);
      }),
    );
    this.tellReads();
    return this.loaded.description;
  }

  async loadOptimizer(params: unknown): Promise<LoadedOptimizer> {
    const given = loadOptimizerSchema.parse(params);
    const notice = () => {
      this.newReads = noticeReads(this.sdkPath);
    };
    this.optimizer = await UserOptimizer.load(given, this.sdkPath, notice, (reason) => this.parent.end(reason));
    return this.optimizer.about;
  }

  async optimize(request: CodeRequest, token: CancellationToken): Promise<unknown> {
    if (this.optimizer === null) throw new Error('An optimizer was to run before it was loaded.');
    const stop = new AbortController();
    const listener = token.onCancellationRequested(() => stop.abort(new Error('The run was stopped.')));
    try {
      return await this.optimizer.run(request, this.work, stop.signal);
    } finally {
      this.tellReads();
      listener.dispose();
    }
  }

  putState(hash: string, state: ProgramState): void {
    this.states.set(hash, state);
    if (this.states.size > statesKept) this.states.delete(this.states.keys().next().value!);
  }

  async run(params: RunParams, token: CancellationToken): Promise<ProgramOutcome> {
    const loaded = this.ready();
    const state = this.states.get(params.state);
    if (state === undefined) throw new Error(`Run ${params.run} names a state that was not put.`);
    const missing = [...loaded.predictors.keys()].filter((name) => state.predictors[name] === undefined);
    if (missing.length > 0) throw new Error(`The state has no predictor ${missing.join(', ')}.`);
    const context = new RunContext({
      run: params.run,
      format: loaded.params.adapter,
      guided: loaded.params.guided,
      state,
      names: loaded.names,
      complete: (run, call, metric) => this.complete(run, call, metric),
    });
    const listener = token.onCancellationRequested(() => context.stop(new Error('The program run was cancelled.')));
    try {
      const outcome = await runExample(loaded, context, params);
      this.tellReads();
      return outcome;
    } finally {
      listener.dispose();
    }
  }

  renderRows({ rows }: RenderRowsParams): Promise<readonly TrainingRow[]> {
    const { predictors, params } = this.ready();
    return Promise.resolve(
      rows.map(({ predictor, state, inputs, outputs }) => {
        const signature = predictors.get(predictor)?.describeSignature();
        if (signature === undefined) throw new Error(`The program has no predictor ${predictor}.`);
        return { predictor, ...renderRow(signature, state, params.adapter, inputs, outputs) };
      }),
    );
  }

  async renderPrompt(params: RenderPromptParams): Promise<LmCall> {
    return showPrompt(this.ready(), params);
  }

  /** Before the answer that may depend on them. */
  private tellReads(): void {
    const reads = this.newReads();
    if (reads !== null) this.parent.tellReads(reads);
  }

  private async complete(run: number, call: LmCall, metric: boolean): Promise<LmAnswer> {
    return told(() => this.parent.ask(run, call, metric));
  }

  private get work(): OptimizerParent {
    const { work } = this.parent;
    return {
      evaluate: (asked) => told(() => work.evaluate(asked)),
      ask: (question) => told(() => work.ask(question)),
    };
  }

  private ready(): LoadedHost {
    if (this.loaded === null) throw new Error('The host was asked before it was initialized.');
    return this.loaded;
  }
}

/** An async function, so that errors carry the stack of the user's code that waits for it. */
async function told<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    const rejected = (error.data as LmErrorData | undefined)?.kind === 'rejected';
    throw rejected ? new CallRejectedError(error.message) : new Error(error.message);
  }
}

/** Errors cross the wire as `HostErrorData`. */
async function answer<T>(result: Promise<T>): Promise<T | ResponseError<HostErrorData>> {
  try {
    return await result;
  } catch (error) {
    return new ResponseError<HostErrorData>(-32000, messageOf(error), errorData(error));
  }
}

function errorData(error: unknown): HostErrorData {
  const load = error instanceof LoadError;
  return hostErrorSchema.parse({
    kind: load ? 'load' : error instanceof PromptError || error instanceof OptimizerFailed ? 'program' : 'internal',
    ...(load && { file: error.file, line: error.line }),
    ...(!load && error instanceof Error && { stack: error.stack }),
  }) as HostErrorData;
}
