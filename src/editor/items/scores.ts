/** What the runs of a program add up to: the best score that may be compared with the present, and what made it. */
import * as l10n from '../../base/l10n.ts';
import type { Difference } from '../../data/pairedDifference.ts';
import { sameQuestion } from '../../run/record/question.ts';
import type { RunItem } from './runItem.ts';
import { percent } from '../../view/words.ts';
import { programId } from './programItem.ts';
import type { ProgramItem } from './programItem.ts';
import { rowsOf } from '../../view/counted.ts';

/** A measurement of the program as it is written, without a run. */
export interface Evaluation {
  /** Per cent, with its 95 % interval over `n` rows. */
  readonly score: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
  readonly split: 'dev' | 'test' | 'train';
  /** ISO 8601. */
  readonly time: string;
  /** SHA-256 of the program's file when it was measured. */
  readonly source: string;
}

/** `62.5 % (55.0 to 70.0) on 20 dev rows`. */
export function evaluationText({ score, low, high, n, split }: Omit<Evaluation, 'time' | 'source'>): string {
  return l10n.t`${percent(score)} % (${percent(low)} to ${percent(high)}) on ${rowsOf(split, n)}`;
}

export interface ProgramScore {
  /** On dev rows, per cent. */
  readonly score: number;
  /** Against the baseline of the same run, in points; `null` where that has no score. */
  readonly delta: number | null;
  /** The same row by row, with its interval; `null` where the run does not say. */
  readonly gain: Difference | null;
  /** How many states but baselines were scored on the same rows: it is the best of these. */
  readonly among: number;
  /** The prefix of the strategy that made it; '' is the baseline. */
  readonly strategy: string;
  /** `null`: an evaluation, not a run. */
  readonly run: RunItem | null;
}

/** All runs of a program, oldest first, whatever name the configuration gave it. */
export function runsOf(program: Pick<ProgramItem, 'file' | 'name'>, runs: readonly RunItem[]): readonly RunItem[] {
  const id = programId(program);
  return runs.filter(({ manifest }) => programId(manifest.asked.program) === id);
}

/**
 * The best dev score. Only runs with the data and the metric of the latest scored one take part: other scores answer
 * other questions. Ties go to the earlier step and the earlier run.
 */
export function bestScore(runs: readonly RunItem[]): ProgramScore | null {
  const scored = runs.filter((item) => devScores(item).length > 0);
  const latest = scored.at(-1);
  if (latest === undefined) return null;
  let best: Omit<ProgramScore, 'among'> | null = null;
  let among = 0;
  for (const run of scored.filter(({ manifest }) => sameQuestion(manifest, latest.manifest, 'dev'))) {
    const scores = devScores(run);
    among += scores.filter(({ prefix }) => prefix !== '').length;
    const baseline = scores.find(({ prefix }) => prefix === '')?.score ?? null;
    for (const { prefix, score } of scores) {
      if (best !== null && score <= best.score) continue;
      best = {
        score,
        delta: baseline === null ? null : score - baseline,
        gain: gainOf(run, prefix),
        strategy: prefix,
        run,
      };
    }
  }
  return best === null ? null : { ...best, among };
}

/** On dev rows, against the baseline of the run; `null`: it is the baseline, or of an earlier version. */
export function gainOf({ view }: Pick<RunItem, 'view'>, prefix: string): Difference | null {
  return view.steps.find((step) => step.prefix === prefix)?.evaluations.dev?.gain ?? null;
}

/** Of the steps that have one, in the order of the strategy. */
export function devScores({
  view,
}: Pick<RunItem, 'view'>): readonly { readonly prefix: string; readonly score: number }[] {
  return view.steps.flatMap(({ prefix, evaluations, status }) => {
    if (status === 'skipped') return [];
    const score = evaluations.dev?.score.score ?? view.result?.scores[prefix]?.dev ?? null;
    return score === null ? [] : [{ prefix, score }];
  });
}
