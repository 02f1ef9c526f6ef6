import type { Compose } from '../../run/work/request.ts';
import type { Terminal } from './terminal.ts';

export interface ServeHooks {
  /** Aborted: stop. */
  readonly signal: AbortSignal;
  log(line: string): void;
  /** The endpoint answers, under this URL, with this base model, requests with the key in this file. */
  listening(baseURL: string, model: string, tokenFile: string): void;
}

/** Starts the embedded endpoint; resolves with its exit code when it has stopped. */
export type Serve = (
  options: { readonly port: number | null; readonly model: string | null },
  hooks: ServeHooks,
) => Promise<number>;

/** What commands are given; tests give them others. */
export interface Context {
  readonly terminal: Terminal;
  readonly compose: Compose;
  readonly serve: Serve;
}
