import * as l10n from '../base/l10n.ts';
import { HumanError } from '../base/errors.ts';
import type { RunLocation } from '../run/record/runFolder.ts';
import { comparisonAskSchema } from '../viewProtocol/comparison.ts';
import type { ComparisonAsk } from '../viewProtocol/comparison.ts';
import type { ComparisonReader } from './comparisonReader.ts';
import type { PageSource } from './pageSession.ts';

export type RowPlace = NonNullable<Extract<ComparisonAsk, { ask: 'openRun' }>['row']>;

/** What only the editor can do for a comparison. */
export interface ComparisonEffects {
  openRun(run: RunLocation, row: RowPlace | null): Promise<void>;
}

/** Runs side by side, as their page asks for them. */
export function comparisonSource(reader: ComparisonReader, title: string, effects: ComparisonEffects): PageSource {
  return {
    advance: () => reader.advance(),
    picture: (complete) => reader.picture(title, complete),
    get mark() {
      return reader.mark;
    },
    get live() {
      return reader.live;
    },
    answer: async (ask) => {
      const parsed = comparisonAskSchema.safeParse(ask);
      if (!parsed.success) throw new HumanError(`The view of a comparison does not answer "${ask.ask}".`);
      const { data } = parsed;
      if (data.ask === 'compared') return reader.rows(data.split, data.subjects);
      if (data.ask === 'comparedPredictions') return reader.predictions(data.split, data.subjects, data.rows);
      const run = reader.location(data.run);
      if (run === undefined) throw new HumanError(l10n.t('{0} is not one of the runs that are compared.', data.run));
      await effects.openRun(run, data.row);
      return {};
    },
  };
}
