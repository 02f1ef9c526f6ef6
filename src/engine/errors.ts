import { HumanError, exitCode } from '../data/errors.ts';

/** The endpoint gave up for now. The example stays open; the step cannot finish; resume tries it again. */
export class EndpointUnavailable extends HumanError {
  override readonly name = 'EndpointUnavailable';
}

/** The endpoint will not answer however often it is asked: a wrong key, a model that is gone. Ends the run. */
export class EndpointRefused extends HumanError {
  override readonly name = 'EndpointRefused';
}

/** The endpoint cannot answer this one call: the prompt is too long, say. The example fails and scores 0. */
export class CallRejected extends HumanError {
  override readonly name = 'CallRejected';
}

/** The next call does not fit under the cap. */
export class BudgetExhausted extends HumanError {
  override readonly name = 'BudgetExhausted';
  constructor(message: string) {
    super(message, { exit: exitCode.budget });
  }
}

/** Somebody asked the run to stop. */
export class Cancelled extends HumanError {
  override readonly name = 'Cancelled';
  /** Whether a training job under way is to be cancelled too; otherwise resume adopts it. */
  readonly jobs: 'leave' | 'cancel';

  constructor(
    message = 'The run was cancelled. `bettertogether resume` goes on where it stopped.',
    options: { readonly jobs?: 'leave' | 'cancel' } = {},
  ) {
    super(message, { exit: exitCode.cancelled });
    this.jobs = options.jobs ?? 'leave';
  }
}

/** A training service cannot list its jobs, so a lost job id cannot be found again. */
export class CannotList extends HumanError {
  override readonly name = 'CannotList';
}

/** A training service does not know (any more) the job that it is asked about. */
export class UnknownJob extends HumanError {
  override readonly name = 'UnknownJob';
}

/** Errors that give no result at all: whatever the user's code makes of them, the example is not scored. */
export function givesNoResult(error: unknown): error is HumanError {
  return (
    error instanceof EndpointUnavailable ||
    error instanceof EndpointRefused ||
    error instanceof BudgetExhausted ||
    error instanceof Cancelled
  );
}
