import { placeText } from '../base/placeText.ts';
import { ResponseError } from 'vscode-jsonrpc/node';
import { UsageError, messageOf, placeMend } from '../base/errors.ts';
import type { ProgramDescription } from '../data/program.ts';
import type { BlockedAt, HostExit } from './hostProcess.ts';
import { hostErrorSchema } from './messages.ts';

/** User code that cannot be loaded is the user's to fix; anything else is a bug. */
export function loadError(error: ResponseError<unknown>): Error {
  const data = hostErrorSchema.safeParse(error.data);
  if (!data.success || data.data.kind !== 'load') return protocolError(error);
  return new UsageError(error.message, undefined, placeMend(data.data.file, data.data.line, data.data.cell));
}

/** A host that fails to keep its side of the protocol is a bug of ours; its stack goes to the log. */
export function protocolError(error: unknown): Error {
  // What the library says of a message by itself is an error without a kind.
  const plain = !(error instanceof Error) || Object.getPrototypeOf(error) === Error.prototype;
  if (plain) return new Error(`The program host failed: ${messageOf(error)}`, { cause: error });
  if (!(error instanceof ResponseError)) return error;
  const data = hostErrorSchema.safeParse(error.data);
  if (data.success && data.data.kind === 'program') {
    return new UsageError(error.message, undefined, placeMend(data.data.file, data.data.line, data.data.cell));
  }
  const stack = data.success ? data.data.stack : undefined;
  const bug = new Error(`The program host failed: ${messageOf(error)}`);
  if (stack !== undefined) bug.stack = stack;
  return bug;
}

/** The error of a process that ended while it did `what`; its own reason goes before ours. */
export function endedWhile(what: string, exit: HostExit): UsageError {
  return new UsageError(exit.reason ?? `${what} (${howItEnded(exit)}).${quote(exit.lastWords)}`);
}

type WithSources = Pick<ProgramDescription, 'sources'>;

/** Source files of the user's that are not the same in two loads of their code. */
export function differentSources(one: WithSources, other: WithSources): readonly string[] {
  const files = new Set([...Object.keys(one.sources), ...Object.keys(other.sources)]);
  return [...files].filter((file) => one.sources[file] !== other.sources[file]);
}

/**
 * A process that is started again must not run other code than those before it.
 *
 * @throws UsageError naming the files.
 */
export function sameSources(one: WithSources, other: WithSources): void {
  const changed = differentSources(one, other);
  if (changed.length === 0) return;
  throw new UsageError(`${changed.join(', ')} changed while the run was under way. Start the run again.`);
}

/** The error of a run that took its process down. */
export function crashMessage(exit: HostExit): string {
  const memory = /out of memory/i.test(exit.lastWords);
  if (memory) return 'The program used up the memory of its process, which ended.';
  return `The program ended its process (${howItEnded(exit)}).${quote(exit.lastWords)}`;
}

export function howItEnded(exit: HostExit): string {
  return exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`;
}

export function quote(lastWords: string): string {
  return lastWords === '' ? '' : ` Its last words: ${lastWords}`;
}

export function place(at: BlockedAt | null): string {
  return at?.file === undefined ? '' : ` and was at ${placeText({ ...at, file: at.file })}`;
}
