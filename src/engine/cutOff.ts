import type { ProgramOutcome } from '../data/trace.ts';

/**
 * An answer that could not be read because it was cut off at `sampling.maxTokens` says so: the parser, of whichever
 * language, sees only that fields are missing.
 */
export function withCutOff<T extends ProgramOutcome>(outcome: T): T {
  const { error, trace } = outcome;
  if (error?.kind !== 'parse') return outcome;
  const cut = trace.some(
    (call) => call.outputs === null && call.lm.some(({ finishReason }) => finishReason === 'length'),
  );
  if (!cut) return outcome;
  const message = `${error.message} The answer was cut off at its longest: raise sampling.maxTokens.`;
  return { ...outcome, error: { ...error, message } };
}
