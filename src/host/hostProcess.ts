import type { MessageReader, MessageWriter } from 'vscode-jsonrpc/node';
import type { LogParams } from './protocol.ts';

/** How a host process ended. */
export interface HostExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last lines it wrote to stderr. */
  readonly lastWords: string;
  /** Why it ended itself, where it said so over the protocol: user code asked an LM while it was loaded. */
  readonly reason?: string;
}

/** Where a host's main thread is, when it does not answer. */
export interface BlockedAt {
  /** The program run whose code is running; absent when it is no run's (a timer of a module, say). */
  readonly run?: number | undefined;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  /** Of a notebook: `line` is the cell's then. */
  readonly cell?: number | undefined;
}

/** A spawned host, whatever its language: a pair of streams that speak the protocol, and a process to end. */
export interface HostProcess {
  readonly reader: MessageReader;
  readonly writer: MessageWriter;
  readonly exited: Promise<HostExit>;
  /** What user code writes to the process's own stdout and stderr, where those are not the protocol's streams. */
  onPrint(listener: (stream: LogParams['stream'], bytes: Buffer) => void): void;
  /** Asks a host that does not answer what it is doing; `null` when it cannot say. */
  whereBlocked(): Promise<BlockedAt | null>;
  /** Ends the process at once. */
  kill(): void;
}

export type SpawnHost = () => HostProcess;
