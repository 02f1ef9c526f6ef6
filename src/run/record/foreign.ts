import { UsageError } from '../../base/errors.ts';

/**
 * A record that came with the folder: committed, copied from elsewhere, written by another person, by an earlier version,
 * or before the user's secret was lost. It can be looked at and nothing else.
 */
export class ForeignRecord extends UsageError {
  /** What `adopt` is asked to take over. */
  readonly id: string;

  constructor(what: string, id: string) {
    super(
      `${what} was not made by you on this machine, is of an earlier version, or was changed by something else. It can be ` +
        `looked at; \`bettertogether adopt ${id}\` shows what it would use and takes it over.`,
    );
    this.id = id;
  }
}
