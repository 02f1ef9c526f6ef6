/** Users' own optimizers: loaded, and run each time, in a Node process of their own, whatever language the program has. */
import { contentHash } from '../base/contentHash.ts';
import type { JsonValue } from '../base/json.ts';
import type { CodeWork, OptimizerCode } from '../engine/optimizerCode.ts';
import { sameSources } from './hostErrors.ts';
import { loadedWithin } from './loadedWithin.ts';
import { createLogGate } from './logGate.ts';
import { spawnNode } from './nodeHost.ts';
import type { NodeProcessOptions } from './nodeHost.ts';
import { Peer } from './peer.ts';
import { hostProtocolVersion } from './protocol.ts';
import type { LoadedOptimizer } from './protocol.ts';
import { startAgainWhileKilled } from './startAgain.ts';
import { runWatched, whenAborted } from './watchedCode.ts';

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
          const { optimizer: name, blockedSeconds } = options;
          return runWatched(peer, { name, blockedSeconds }, (token) => peer.optimize(request, token), signal);
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
