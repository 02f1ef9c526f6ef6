import type { Mend } from './mend.ts';

/** How the command line ends on an error of this kind; scripts read it (docs/contracts.md). */
export const exitCode = { done: 0, failed: 1, usage: 2, budget: 3, belowScore: 4, cancelled: 130 } as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/**
 * An error written for the person who runs the program: what happened, in which file, key or setting, and what to
 * do next. Anything else that is thrown is a bug and carries its stack to the log.
 */
export class HumanError extends Error {
  override readonly name: string = 'HumanError';
  readonly exit: ExitCode;
  /** What mends it, the likeliest first; what no one knows to mend has none. */
  readonly mends: readonly Mend[];

  constructor(message: string, options: HumanErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.exit = options.exit ?? exitCode.failed;
    this.mends = options.mends ?? [];
  }
}

export interface HumanErrorOptions {
  readonly exit?: ExitCode;
  readonly cause?: unknown;
  readonly mends?: readonly Mend[];
}

/** Wrong usage or wrong configuration: nothing was started. */
export class UsageError extends HumanError {
  override readonly name = 'UsageError';
  constructor(message: string, cause?: unknown, mends: readonly Mend[] = []) {
    super(message, { exit: exitCode.usage, cause, mends });
  }
}

/** The mend of an error that has a place in a file; none where that is not known. */
export function placeMend(
  file: string | undefined,
  line: number | undefined,
  cell?: number | undefined,
): readonly Mend[] {
  if (file === undefined) return [];
  return [{ kind: 'place', file, line: line ?? 1, ...(cell === undefined ? {} : { cell }) }];
}

/** The code of an error of the system or of Node (`ENOENT`); `undefined` where it has none. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** There is no such file or folder. */
export const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';

/** The message of anything that can be thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
