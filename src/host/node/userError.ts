import { messageOf } from '../../base/errors.ts';
import type { UserCodeError } from '../../data/trace.ts';
import { isParseError } from '../../program/values/parseError.ts';
import { besideCode } from './besideCode.ts';
import { MetricValueError } from './score.ts';
import { userFrame } from './userFrame.ts';

/** The endpoint cannot answer one call of the user's program. Not caught, it is the example's result. */
export class CallRejectedError extends Error {
  override readonly name = 'CallRejectedError';
}

/** User code asked for the end of the process. */
export class ExitCalled extends Error {
  override readonly name = 'ExitCalled';
}

export type Phase = 'program' | 'metric';

/** An error that user code threw, shown with the place in the user's files it came from. */
export function userError(error: unknown, phase: Phase, workspace: string): UserCodeError {
  const frame = userFrame(error, workspace);
  const returned =
    error instanceof MetricValueError && error.returned !== undefined ? { returned: error.returned } : {};
  return { kind: kindOf(error, phase), message: textOf(error) + besideCode(error, frame?.file), ...frame, ...returned };
}

function kindOf(error: unknown, phase: Phase): UserCodeError['kind'] {
  if (error instanceof CallRejectedError) return 'rejected';
  if (error instanceof ExitCalled) return 'crash';
  if (phase === 'program' && isParseError(error)) return 'parse';
  return phase;
}

const selfExplaining = new Set([
  'Error',
  'ParseError',
  'UsageError',
  'HumanError',
  'CallRejectedError',
  'ExitCalled',
  'MetricValueError',
]);

/** `TypeError: x is not a function`; errors written for people go without their name. */
function textOf(error: unknown): string {
  const message = messageOf(error);
  if (!(error instanceof Error)) return message;
  if (selfExplaining.has(error.name)) return message === '' ? error.name : message;
  return message === '' ? error.name : `${error.name}: ${message}`;
}
