/** The numbers of runs as CSV: a line for each step and split, for a spreadsheet or a data frame. */
import { stringify } from 'csv-stringify/sync';
import type { Snapshot } from '../viewProtocol/snapshot.ts';
import { stepName, startName } from '../view/words.ts';

const columns = [
  ...['run', 'program', 'strategy', 'seed', 'model', 'endpoint', 'metric', 'step', 'split', 'score', 'low', 'high'],
  ...['rows', 'failed', 'gain', 'gain_low', 'gain_high', 'calls', 'from_memo', 'input_tokens', 'output_tokens', 'usd'],
  ...['seconds'],
] as const;

/** Usage and seconds are those of scoring the step's result on the split. Names cannot become formulas. */
export function numbersOf(runs: readonly Snapshot[]): string {
  return stringify(runs.flatMap(linesOf), { header: true, columns: [...columns], escape_formulas: true });
}

type Line = Readonly<Record<(typeof columns)[number], string | number | null>>;

function linesOf({ run, asked, steps }: Snapshot): readonly Line[] {
  const { program, strategy, seed, model, endpoint, metric, from } = asked;
  const about = { run, program, strategy: stepName(strategy, startName(from)), seed, model, endpoint, metric };
  return steps.flatMap(({ prefix, evaluations }) =>
    (['dev', 'test'] as const).flatMap((split): readonly Line[] => {
      const evaluation = evaluations[split];
      if (evaluation === undefined) return [];
      const { score, gain = null, usage, seconds } = evaluation;
      return [
        {
          ...about,
          step: stepName(prefix, startName(from)),
          split,
          ...{ score: score.score, low: score.low, high: score.high, rows: score.n, failed: score.failed },
          ...{ gain: gain?.points ?? null, gain_low: gain?.low ?? null, gain_high: gain?.high ?? null },
          ...{ calls: usage.calls, from_memo: usage.cached, input_tokens: usage.inputTokens },
          ...{ output_tokens: usage.outputTokens, usd: usage.usd, seconds: Number(seconds.toFixed(3)) },
        },
      ];
    }),
  );
}
