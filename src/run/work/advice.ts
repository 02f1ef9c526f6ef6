/** What a person can do about work that stopped. */
import { BudgetExhausted, EndpointRefused, EndpointUnavailable } from '../../engine/errors.ts';

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

/** What a run says that met its cap, without the command that raises it: for who has no command line before them. */
export function withoutCommand(message: string): string {
  return message.replace(/ Raise the cap with `[^`]*`[^.]*\.$/, '');
}

const sameCommand = 'The same command then goes on; what was answered is remembered.';

/** The error of an endpoint that gave up on work which is not a run: there is nothing to resume. */
export function withSameCommand(error: unknown): unknown {
  if (error instanceof EndpointUnavailable) {
    return new EndpointUnavailable(`${error.message} ${sameCommand}`, { cause: error });
  }
  if (error instanceof EndpointRefused) {
    return new EndpointRefused(`${error.message} ${sameCommand}`, { key: error.key, cause: error });
  }
  return error;
}
