import { BudgetExhausted } from '../engine/errors.ts';

/**
 * The error of a cap that was met, with how to go on.
 *
 * @param command that takes the cap, where it is not the one that was given.
 */
export function withCapAdvice(error: unknown, command?: 'resume'): unknown {
  if (!(error instanceof BudgetExhausted) || error.cap === null) return error;
  const option = `--budget-${error.cap}`;
  const advice =
    command === undefined
      ? `Raise the cap with \`${option}\`; what was answered is remembered.`
      : `Raise the cap with \`${command} ${option}\` to go on; nothing is lost.`;
  return new BudgetExhausted(`${error.message} ${advice}`, error.cap);
}
