/** Strategies with steps of a program's own, and with other kinds of step than p and w. */
import * as l10n from '../../base/l10n.ts';
import { settingsKey, stepsIn, stepsWithKeys } from '../../data/strategy.ts';
import { optimizers } from '../../engine/optimizers/all.ts';
import { titleText } from '../../view/words.ts';

/** The program's steps by name, as they are written or resolved. */
export type Steps = Readonly<Record<string, { readonly kind: string }>>;

/** Each step alone, and with the other half of the work: `mine`, `mine -> w`, `mine -> w -> mine`; `dpo`, `p -> w -> dpo`. */
export function ownStrategies(steps: Steps): readonly string[] {
  return [...kindsByName(steps)].flatMap(([name, kind]) => {
    if (stepsWithKeys.has(name)) return [];
    const optimizer = optimizers.find(kind);
    if (optimizer === undefined) return [];
    if (optimizer.changes === 'prompts') return [name, `${name} -> w`, `${name} -> w -> ${name}`];
    // Fine-tuning brings the answers among which the other ways of training choose.
    return optimizer.trains === 'supervised'
      ? [name, `p -> ${name}`, `p -> ${name} -> p`]
      : [name, `w -> ${name}`, `p -> w -> ${name}`];
  });
}

/** What the steps of a strategy do: `own optimizer "mine", then fine-tuning`. */
export function strategyInWords(strategy: string, steps: Steps): string {
  const kinds = kindsByName(steps);
  return stepsIn(strategy)
    .map((name) => {
      const optimizer = optimizers.find(kinds.get(name) ?? name);
      const title = optimizer === undefined ? l10n.t('a step of another version') : titleText(optimizer.title);
      return settingsKey(name) === name || kinds.get(name) === name ? title : `${title} "${name}"`;
    })
    .reduce((before, step) => l10n.t`${before}, then ${step}`);
}

function kindsByName(steps: Steps): ReadonlyMap<string, string> {
  const alone = optimizers.all.filter(({ standsAlone }) => standsAlone).map(({ kind }) => [kind, kind] as const);
  return new Map([...alone, ...Object.entries(steps).map(([name, { kind }]) => [name, kind] as const)]);
}
