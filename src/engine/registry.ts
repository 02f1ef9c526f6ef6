import { UsageError } from '../base/errors.ts';
import { stepNameProblem } from '../data/strategy.ts';
import type { StepNames } from '../data/strategy.ts';
import type { Optimizer } from './optimizer.ts';

/** The kinds of step that there are. */
export interface Registry {
  readonly all: readonly Optimizer[];
  /** `undefined`: there is none, as in runs of a later version. */
  find(kind: string): Optimizer | undefined;
  /** @throws UsageError naming the kinds that there are. */
  get(kind: string): Optimizer;
  /** How each kind that is used alone may be written in a strategy, in small letters. */
  readonly names: StepNames;
}

/** @throws Error where a strategy could not name one of them, or could mean two by one name: a fault of the list. */
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
    names: new Map([...namesOf(all)].filter(([, kind]) => byKind.get(kind)!.standsAlone)),
  };
}

/** A spelling may have letters of any script; a kind is a name as users' own steps have. */
const spellingForm = /^\p{L}\w*$/u;

function namesOf(all: readonly Optimizer[]): StepNames {
  const names = new Map<string, string>();
  for (const { kind, spellings } of all) {
    const problem = stepNameProblem(kind);
    if (problem !== null) throw new Error(`The kind of step "${kind}" ${problem}.`);
    for (const spelling of [kind, ...spellings]) {
      const name = spelling.toLowerCase();
      const other = names.get(name);
      if (other !== undefined) throw new Error(`"${spelling}" names two kinds of step, ${other} and ${kind}.`);
      if (!spellingForm.test(name)) throw new Error(`No strategy can name ${kind} as "${spelling}".`);
      names.set(name, kind);
    }
  }
  return names;
}
