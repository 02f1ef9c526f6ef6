import { HumanError, exitCode } from '../base/errors.ts';

/** The endpoint gave up for now. The example stays open; the step cannot finish; resume tries it again. */
export class EndpointUnavailable extends HumanError {
  override readonly name: string = 'EndpointUnavailable';

  constructor(message: string, { cause }: { readonly cause?: unknown } = {}) {
    super(message, { cause, mends: [{ kind: 'endpoint' }] });
  }
}

/** A training service gave up before the job was sent: there is none to look for. */
export class JobNotSent extends EndpointUnavailable {
  override readonly name = 'JobNotSent';
}

/** The endpoint will not answer however often it is asked: a wrong key, a model that is gone. Ends the run. */
export class EndpointRefused extends HumanError {
  override readonly name = 'EndpointRefused';
  /** The key is wrong for everything. Otherwise this was not allowed, or is not there, and other things may be. */
  readonly key: boolean;

  constructor(message: string, { key = false, cause }: { readonly key?: boolean; readonly cause?: unknown } = {}) {
    super(message, { cause, mends: [{ kind: key ? 'apiKey' : 'endpoint' }] });
    this.key = key;
  }
}

/** The endpoint cannot answer this one call: the prompt is too long, say. The example fails and scores 0. */
export class CallRejected extends HumanError {
  override readonly name: string = 'CallRejected';
}

/** The endpoint answers other calls and not this one. The example fails for now; the next run asks again. */
export class CallUnanswered extends CallRejected {
  override readonly name = 'CallUnanswered';
}

/** The next call does not fit under the cap. How to go on is added by who knows what was being done. */
export class BudgetExhausted extends HumanError {
  override readonly name = 'BudgetExhausted';
  /** The cap that was met, as in `--budget-calls`; `null` where that is not known. */
  readonly cap: 'calls' | 'tokens' | 'usd' | null;

  constructor(message: string, cap: BudgetExhausted['cap'] = null) {
    super(message, { exit: exitCode.budget });
    this.cap = cap;
  }
}

/** Somebody asked the work to stop. Who asked says in the message how it can go on. */
export class Cancelled extends HumanError {
  override readonly name = 'Cancelled';
  /** Whether a training job under way is to be cancelled too; otherwise resume adopts it. */
  readonly jobs: 'leave' | 'cancel';

  constructor(
    message = 'The work was cancelled; what was answered is remembered.',
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
