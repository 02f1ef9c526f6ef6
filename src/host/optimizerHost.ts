/** Users' own optimizers: loaded, and run each time, in a Node process of their own, whatever language the program has. */
import { CancellationTokenSource, ResponseError } from 'vscode-jsonrpc/node';
import { setTimeout as sleep } from 'node:timers/promises';
import { contentHash } from '../base/contentHash.ts';
import { HumanError, UsageError } from '../base/errors.ts';
import type { JsonValue } from '../base/json.ts';
import { stopped } from '../engine/abort.ts';
import type { CodeRequest, CodeResult, CodeWork, OptimizerCode } from '../engine/optimizerCode.ts';
import { howItEnded, loadError, place, quote } from './hostErrors.ts';
import { loadedWithin } from './loadedWithin.ts';
import { createLogGate } from './logGate.ts';
import { spawnNode } from './nodeHost.ts';
import type { NodeProcessOptions } from './nodeHost.ts';
import { Peer, PeerLost } from './peer.ts';
import { hostProtocolVersion } from './protocol.ts';
import type { LoadedOptimizer } from './protocol.ts';
import { startAgainWhileKilled } from './startAgain.ts';
import { watch } from './watchdog.ts';

export interface OptimizerOptions extends NodeProcessOptions {
  /** `file#export`; a relative path starts in the workspace. */
  readonly optimizer: string;
  /** All settings that it will be given. */
  readonly settings: readonly Readonly<Record<string, JsonValue>>[];
  /** What its code printed. */
  readonly onPrint?: (text: string) => void;
  /** Seconds without an answer after which its event loop counts as blocked by an endless loop. Default 60. */
  readonly blockedSeconds?: number;
}

export interface LoadedCode {
  readonly code: OptimizerCode;
  /** SHA-256 of the files it was loaded from, by path. */
  readonly sources: Readonly<Record<string, string>>;
}

/** Seconds that loading may take. */
const loadSeconds = 120;

/** Milliseconds in which an optimizer that was stopped may put things in order. */
const graceMs = 1000;

/**
 * Loads an optimizer once and has it check its settings.
 *
 * @throws UsageError naming file, export, line or setting.
 */
export async function loadOptimizerCode(options: OptimizerOptions): Promise<LoadedCode> {
  const loaded = await inProcess(options, nobody, (peer) => load(peer, options));
  return {
    sources: loaded.sources,
    code: {
      hash: contentHash([loaded.runtime, Object.values(loaded.sources)]),
      run: (request, work, signal) =>
        inProcess(options, work, async (peer) => {
          sameSources(loaded, await Promise.race([load(peer, options), whenAborted(signal)]));
          return optimize(peer, request, options, signal);
        }),
    },
  };
}

const nobody: CodeWork = {
  evaluate: () => Promise.reject(new Error('An optimizer that is being loaded evaluates nothing.')),
  ask: () => Promise.reject(new Error('An optimizer that is being loaded asks no LM.')),
};

/** Starts a process, and ends it behind `body`. */
function inProcess<T>(options: OptimizerOptions, work: CodeWork, body: (peer: Peer) => Promise<T>): Promise<T> {
  const gate = createLogGate({ onLog: ({ text }) => options.onPrint?.(text) });
  const complete = () => Promise.reject(new Error('Only a program asks in this way.'));
  return startAgainWhileKilled(async () => {
    const peer = new Peer(spawnNode(options), { complete, work, print: (stream, bytes) => gate.write(stream, bytes) });
    try {
      return await body(peer);
    } finally {
      peer.kill();
      gate.end();
    }
  }, ended(options));
}

function load(peer: Peer, { workspace, optimizer, settings }: OptimizerOptions): Promise<LoadedOptimizer> {
  return loadedWithin(peer, peer.loadOptimizer({ protocol: hostProtocolVersion, workspace, optimizer, settings }), {
    seconds: loadSeconds,
    ended: ended({ optimizer }),
    late: (at) => `Loading ${optimizer} took more than ${loadSeconds} seconds${at}.`,
  });
}

function ended({ optimizer }: Pick<OptimizerOptions, 'optimizer'>): string {
  return `The process of the optimizer ${optimizer} ended while it loaded`;
}

function sameSources(one: LoadedOptimizer, other: LoadedOptimizer): void {
  const files = [...new Set([...Object.keys(one.sources), ...Object.keys(other.sources)])];
  const changed = files.filter((file) => one.sources[file] !== other.sources[file]);
  if (changed.length === 0) return;
  throw new UsageError(`${changed.join(', ')} changed while the run was under way. Start the run again.`);
}

async function optimize(
  peer: Peer,
  request: CodeRequest,
  { optimizer, blockedSeconds = 60 }: OptimizerOptions,
  signal: AbortSignal,
): Promise<CodeResult> {
  const blocked = whenBlocked(peer, optimizer, blockedSeconds);
  const cancel = new CancellationTokenSource();
  const running = peer.optimize(request, cancel.token);
  try {
    return await Promise.race([running, blocked.error, whenAborted(signal)]);
  } catch (error) {
    if (signal.aborted) {
      cancel.cancel();
      await Promise.race([running.catch(() => undefined), sleep(graceMs)]);
    }
    throw await told(error, peer, optimizer);
  } finally {
    running.catch(() => undefined);
    blocked.stopWatching();
  }
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = () => reject(stopped(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** `error` rejects when the process does not answer for so long. */
function whenBlocked(peer: Peer, optimizer: string, seconds: number) {
  let stopWatching: () => void = () => undefined;
  const error = new Promise<never>((_, reject) => {
    stopWatching = watch({
      blockedSeconds: seconds,
      ping: async () => void (await peer.ping()),
      onAlive: () => undefined,
      onBlocked: () => void blockedError(peer, optimizer, seconds).then(reject),
    });
  });
  return { error, stopWatching };
}

async function blockedError(peer: Peer, optimizer: string, seconds: number): Promise<HumanError> {
  const at = place(await peer.whereBlocked());
  return new HumanError(
    `${optimizer} kept its process busy for ${seconds} seconds without a pause${at}: an endless loop?`,
  );
}

/** The error as people see it. */
async function told(error: unknown, peer: Peer, optimizer: string): Promise<unknown> {
  if (error instanceof ResponseError) return loadError(error);
  if (!(error instanceof PeerLost)) return error;
  const exit = await peer.exited;
  return new HumanError(`${optimizer} ended its process (${howItEnded(exit)}).${quote(exit.lastWords)}`);
}
