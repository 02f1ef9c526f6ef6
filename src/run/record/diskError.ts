import { HumanError, codeOf, messageOf } from '../../base/errors.ts';

/** The message when a file of a run could not be written. */
export function cannotWrite(file: string, error: unknown): HumanError {
  const full = codeOf(error) === 'ENOSPC';
  const what = full ? 'the disk is full. Make room (`bettertogether prune`), then resume' : messageOf(error);
  return new HumanError(`${file} could not be written: ${what}.`, { cause: error });
}
