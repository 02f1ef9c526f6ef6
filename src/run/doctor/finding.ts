/** What `bettertogether doctor` says of one thing that runs need. */
import { messageOf } from '../../base/errors.ts';

export const findingParts = [
  'node',
  'disk',
  'configuration',
  'python',
  'dspy',
  'endpoint',
  'key',
  'model',
  'runtime',
  'trainer',
] as const;

export interface Finding {
  readonly part: (typeof findingParts)[number];
  /** Whose: an endpoint, a program, a folder; `null` where there is but one. */
  readonly of: string | null;
  /** `note`: no one was asked, it does not say, or it comes with the first run. */
  readonly verdict: 'good' | 'wrong' | 'note';
  /** A clause for people. */
  readonly said: string;
  /** A command that mends it, for a POSIX shell; `null` where there is nothing to mend, or no command does. */
  readonly mend: string | null;
}

type About = Pick<Finding, 'part'> & Partial<Pick<Finding, 'of'>>;

export const good = ({ part, of = null }: About, said: string): Finding => ({
  ...{ part, of, said },
  verdict: 'good',
  mend: null,
});

export const note = ({ part, of = null }: About, said: string, mend: string | null = null): Finding => ({
  ...{ part, of, said, mend },
  verdict: 'note',
});

export const wrong = ({ part, of = null }: About, said: string, mend: string | null = null): Finding => ({
  ...{ part, of, said, mend },
  verdict: 'wrong',
});

/** An error that was written for people, as a finding. */
export const failing = (about: About, error: unknown, mend: string | null = null): Finding =>
  wrong(about, messageOf(error), mend);
