import type { LoadedProgram, UserMetric } from './program.ts';
import type { KnownTypes } from './rowValues.ts';

/** The user's program and metric, as runs need them. */
export interface Loaded {
  readonly program: LoadedProgram;
  readonly metric: UserMetric;
  readonly types: KnownTypes;
  /** As written in `bettertogether.json`. */
  readonly metricSpec: string;
  readonly metricRange: readonly [number, number];
  /** Real path. */
  readonly workspace: string;
}
