/** A comparison in few words, for the tree, tabs and notifications. Pure. */
import * as l10n from '../../base/l10n.ts';
import { comparisonRows } from '../../comparison.ts';
import type { Comparison, ComparisonCell, ComparisonRow, Mean } from '../../comparison.ts';
import { brief, percent, startName, stepName } from '../../view/words.ts';
import type { EndKind } from './runText.ts';
import { whyItStopped } from './runText.ts';
import { counted } from '../../view/counted.ts';

/** `two: 8 strategies × 3 seeds`. */
export function comparisonTitle({ program, strategies, seeds }: Comparison): string {
  return `${program}: ${counted(strategies.length, 'strategy')} × ${counted(seeds.length, 'seed')}`;
}

/** Ids of the runs that it consists of. */
export function runsOfComparison({ cells, lattices }: Comparison): readonly string[] {
  return [...cells, ...lattices].flatMap(({ run }) => run ?? []);
}

/** The strategy with the best mean on dev; the earlier wins ties. `null`: none has a score. */
export function bestRow(comparison: Comparison): (ComparisonRow & { readonly dev: Mean }) | null {
  const scored = comparisonRows(comparison).flatMap(({ dev, ...row }) => (dev === null ? [] : [{ ...row, dev }]));
  const [first, ...others] = scored;
  if (first === undefined) return null;
  return others.reduce((best, row) => (row.dev.mean > best.dev.mean ? row : best), first);
}

/** The cell of a row to take home: the best of its seeds on dev. */
export function bestCell({ cells }: ComparisonRow): ComparisonCell | null {
  const score = ({ dev }: ComparisonCell): number => dev?.score ?? -Infinity;
  const measured = cells.filter(({ run, dev }) => run !== null && dev !== null);
  return measured.toSorted((a, b) => score(b) - score(a))[0] ?? null;
}

/** The notification when a comparison has ended. @param finished else it was stopped, or its process died. */
export function howComparisonEnded(
  comparison: Comparison,
  finished: boolean,
): { readonly text: string; readonly kind: EndKind } {
  const title = comparisonTitle(comparison);
  if (finished) {
    const best = bestRow(comparison);
    if (best === null) return { kind: 'failed', text: l10n.t`${title}: no strategy has a score.` };
    return { kind: 'done', text: l10n.t`${title}: best is ${inWords(best, comparison)}${failures(comparison)}.` };
  }
  const { stopped } = comparison;
  if (stopped === null) return { kind: 'failed', text: l10n.t`${title}: the process ended without a word.` };
  const kind = stopped.reason === 'failed' ? 'failed' : 'stopped';
  return { kind, text: l10n.t`${title} stopped: ${brief(whyItStopped(stopped), 400)}` };
}

/**
 * `p -> w, 79.0 ± 2.0 % on test (mean of 3 seeds); baseline 60.0 % on test`: the best of several on dev is best there by luck
 * too, so that dev speaks, and says so, only where test has no score.
 */
function inWords(best: ComparisonRow, comparison: Comparison): string {
  const { strategy } = best;
  const rows = comparisonRows(comparison);
  const name = (prefix: string): string => stepName(prefix, startName(comparison.from));
  const split = best.test === null ? 'dev' : 'test';
  const mean = best[split]!;
  const notes = [
    ...(mean.seeds === 1 ? [] : [l10n.t`mean of ${counted(mean.seeds, 'seed')}`]),
    ...(split === 'dev' && rows.filter(({ dev }) => dev !== null).length > 1 ? [l10n.t('chosen on these rows')] : []),
  ];
  const noted = notes.length === 0 ? '' : ` (${notes.join(', ')})`;
  const baseline = rows.find((row) => row.strategy === '')?.[split] ?? null;
  const against = baseline === null || strategy === '' ? '' : l10n.t`; ${name('')} ${meanText(baseline)} on ${split}`;
  return l10n.t`${name(strategy)}, ${meanText(mean)} on ${split}${noted}${against}`;
}

function meanText({ mean, deviation }: Mean): string {
  return deviation === null ? `${percent(mean)} %` : `${percent(mean)} ± ${percent(deviation)} %`;
}

function failures({ cells }: Comparison): string {
  const failed = cells.filter(({ status }) => status === 'failed').length;
  if (failed === 0) return '';
  return failed === 1
    ? l10n.t`; 1 cell of ${cells.length} failed`
    : l10n.t`; ${failed} cells of ${cells.length} failed`;
}
