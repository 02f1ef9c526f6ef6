import * as z from 'zod';
import { UsageError } from '../base/errors.ts';
import type { JsonValue } from '../base/json.ts';
import { settingsKey } from '../data/strategy.ts';
import type { Optimizer, OptimizerSpec } from './optimizer.ts';

/** An optimizer whose settings the registry need not know. */
export function defineOptimizer<
  Written extends z.ZodObject,
  Settings extends Readonly<Record<string, JsonValue>>,
  Fitted,
>(spec: OptimizerSpec<Written, Settings, Fitted>): Optimizer {
  const { kind, title, changes, trains = 'supervised', spellings = [], written } = spec;
  /** `undefined` for the settings of another version. */
  const of = <T>(given: unknown, read: (settings: Settings) => T): T | undefined => {
    const settings = spec.settings.safeParse(given);
    return settings.success ? read(settings.data) : undefined;
  };
  return {
    kind,
    title,
    changes,
    trains,
    spellings,
    written,
    resolve: (given, endpoint) => spec.resolve(written.parse(given), endpoint),
    standsAlone: written.safeParse({}).success,
    code: (given) => of(given, (settings) => spec.code?.(settings)) ?? null,
    asks: (given) => of(given, (settings) => spec.asks?.(settings)) ?? [],
    readsCode: spec.readsCode === true,
    teacher: (given) => of(given, (settings) => spec.teacher?.(settings)) ?? null,
    step: (name, given, run) => {
      const settings = spec.settings.safeParse(given);
      if (!settings.success) {
        throw new UsageError(
          `The settings of step "${name}" are not those of ${kind}: ${z.prettifyError(settings.error)}`,
        );
      }
      const fitted = spec.fit(settings.data, run, settingsKey(name));
      return {
        ...{ name, kind, title, changes, trains },
        ...(spec.searchSize === undefined ? {} : { searchSize: (carry) => spec.searchSize!(fitted, carry) }),
        run: (context, carry, scope) => spec.run(fitted, context, carry, scope),
        plan: (context) => spec.plan(fitted, context),
      };
    },
    tell: (about) => spec.tell(about),
  };
}
