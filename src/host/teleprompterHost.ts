/** Optimizers of DSPy's: loaded, and run each time, in a Python process of their own beside the program's hosts. */
import { placeText } from '../base/placeText.ts';
import { ResponseError } from 'vscode-jsonrpc/node';
import { contentHash } from '../base/contentHash.ts';
import { UsageError } from '../base/errors.ts';
import type { JsonValue } from '../base/json.ts';
import type { ProgramDescription } from '../data/program.ts';
import type { CompileWork, Teleprompter } from '../engine/teleprompter.ts';
import { findPython } from './findPython.ts';
import { sameSources } from './hostErrors.ts';
import { loadedWithin } from './loadedWithin.ts';
import { createLogGate } from './logGate.ts';
import { hostErrorSchema } from './messages.ts';
import { namedByProgram, notebooksIn } from './notebooks.ts';
import { Peer } from './peer.ts';
import { hostProtocolVersion, initializeSchema } from './protocol.ts';
import type { InitializeParams, LoadedTeleprompter } from './protocol.ts';
import type { PythonProcessOptions } from './pythonHost.ts';
import { spawnPython } from './pythonHost.ts';
import { startAgainWhileKilled } from './startAgain.ts';
import { runWatched, whenAborted } from './watchedCode.ts';

export interface TeleprompterOptions extends PythonProcessOptions, Omit<InitializeParams, 'protocol' | 'workspace'> {
  /** `file.py#function`; a relative path starts in the workspace. */
  readonly optimizer: string;
  /** All arguments that its `compile` will be given. */
  readonly compileArguments: readonly Readonly<Record<string, JsonValue>>[];
  /** What its code printed. */
  readonly onPrint?: (text: string) => void;
  /** Seconds without an answer after which its process counts as blocked by an endless loop. Default 60. */
  readonly blockedSeconds?: number;
  /** Seconds that loading program and optimizer may take. Default 120. */
  readonly startTimeoutSeconds?: number;
}

export interface LoadedCompiler {
  readonly teleprompter: Teleprompter;
  /** SHA-256 of the files it was loaded from, by path. */
  readonly sources: Readonly<Record<string, string>>;
}

/** The number of a compile, which its LM calls name: a process has one. */
const onlyRun = 1;

/**
 * Has an optimizer made once, and the arguments of its `compile` checked.
 *
 * @throws UsageError naming file, function, line or argument.
 */
export async function loadTeleprompter(given: TeleprompterOptions): Promise<LoadedCompiler> {
  const notebooks = await notebooksIn(given.workspace, [...namedByProgram(given), given.optimizer]);
  const options: TeleprompterOptions = { ...given, notebooks };
  const loaded = await inProcess(options, nobody, (peer) => load(peer, options));
  const { name, takesTrain, takesValidation, sources } = loaded;
  return {
    sources,
    teleprompter: {
      hash: contentHash([name, loaded.runtime, Object.values(sources)]),
      ...{ name, takesTrain, takesValidation },
      compile: (request, work, signal) =>
        inProcess(options, work, async (peer, broken) => {
          const { optimizer, blockedSeconds } = options;
          sameSources(loaded, await Promise.race([load(peer, options), whenAborted(signal)]));
          const watched = runWatched(
            peer,
            { name: optimizer, blockedSeconds },
            (token) => peer.compile(onlyRun, optimizer, request, token).catch(atItsPlace),
            signal,
          );
          return Promise.race([watched, broken]);
        }),
    },
  };
}

const nobody: CompileWork = {
  complete: () => Promise.reject(new Error('An optimizer that is being loaded asks no LM.')),
  evaluationStarted: () => undefined,
  evaluationFinished: () => undefined,
  ran: () => undefined,
};

/** Starts a process, and ends it behind `body`, whose second parameter rejects where the process breaks the protocol. */
function inProcess<T>(
  options: TeleprompterOptions,
  work: CompileWork,
  body: (peer: Peer, broken: Promise<never>) => Promise<T>,
): Promise<T> {
  const python = findPython(options);
  return startAgainWhileKilled(async () => {
    const gate = createLogGate({ onLog: ({ text }) => options.onPrint?.(text) });
    let onBroken: (error: unknown) => void = () => undefined;
    const broken = new Promise<never>((_, reject) => {
      onBroken = reject;
    });
    broken.catch(() => undefined);
    const peer = new Peer(spawnPython(python, { ...options, env: withOneOrder(options.env) }), {
      complete: (_, call, metric, sample = { rolloutId: null, repeat: 0 }) => work.complete({ call, metric, sample }),
      compiling: {
        evaluationStarted: (started) => work.evaluationStarted(started),
        evaluationFinished: (finished) => work.evaluationFinished(finished),
        ran: (run) => work.ran(run),
        broken: onBroken,
      },
      print: (stream, bytes) => gate.write(stream, bytes),
    });
    try {
      return await body(peer, broken);
    } finally {
      peer.kill();
      gate.end();
    }
  }, ended(options));
}

/** An error of the optimizer's code says where it came from. */
function atItsPlace(error: unknown): never {
  const data = error instanceof ResponseError ? hostErrorSchema.safeParse(error.data).data : undefined;
  if (!(error instanceof ResponseError) || data?.kind !== 'program' || data.file === undefined) throw error;
  throw new UsageError(`${error.message} (${placeText({ ...data, file: data.file })})`);
}

/** Sets of text have one order in every process: otherwise a resumed compile could go another way. */
function withOneOrder(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...env, PYTHONHASHSEED: '0' };
}

interface Loaded extends LoadedTeleprompter, Pick<ProgramDescription, 'runtime'> {}

function load(peer: Peer, options: TeleprompterOptions): Promise<Loaded> {
  const { optimizer, startTimeoutSeconds: seconds = 120 } = options;
  return loadedWithin(peer, initializeAndLoad(peer, options), {
    seconds,
    ended: ended(options),
    late: (at) => `Loading ${optimizer} took more than ${seconds} seconds${at}.`,
  });
}

async function initializeAndLoad(peer: Peer, options: TeleprompterOptions): Promise<Loaded> {
  const { optimizer, compileArguments } = options;
  const { runtime } = await peer.initialize(initializeSchema.parse({ ...options, protocol: hostProtocolVersion }));
  const loaded = await peer.loadTeleprompter({ optimizer, arguments: [...compileArguments] });
  return { ...loaded, ...(runtime === undefined ? {} : { runtime }) };
}

function ended({ optimizer }: Pick<TeleprompterOptions, 'optimizer'>): string {
  return `The process of the optimizer ${optimizer} ended while it loaded`;
}
