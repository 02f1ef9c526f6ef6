import { UsageError } from '../base/errors.ts';
import type { StepNames } from '../data/strategy.ts';
import type { Optimizer } from './optimizer.ts';

/** The kinds of step that there are. */
export interface Registry {
  readonly all: readonly Optimizer[];
  /** `undefined`: there is none, as in runs of a later version. */
  find(kind: string): Optimizer | undefined;
  /** @throws UsageError naming the kinds that there are. */
  get(kind: string): Optimizer;
  /** How each kind may be written in a strategy. */
  readonly names: StepNames;
}

export function registryOf(all: readonly Optimizer[]): Registry {
  const byKind = new Map(all.map((optimizer) => [optimizer.kind, optimizer]));
  const find = (kind: string) => byKind.get(kind);
  return {
    all,
    find,
    get: (kind) => {
      const optimizer = find(kind);
      if (optimizer !== undefined) return optimizer;
      throw new UsageError(`There is no step of the kind "${kind}". There are: ${[...byKind.keys()].join(', ')}.`);
    },
    names: new Map(all.flatMap(({ kind, spellings }) => [kind, ...spellings].map((text) => [text, kind]))),
  };
}
