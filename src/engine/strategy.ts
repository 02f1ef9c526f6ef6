import { UsageError } from '../data/errors.ts';
import { strategyStepsAtMost } from '../data/limits.ts';

/** p: search for better prompts (Π). w: fine-tune the weights (Θ). */
export type StepKind = 'p' | 'w';

export type Strategy = readonly StepKind[];

const spellings: ReadonlyMap<string, StepKind> = new Map([
  ['p', 'p'],
  ['π', 'p'],
  ['w', 'w'],
  ['θ', 'w'],
]);

/** The eight strategies of the paper's Table 1, '' (vanilla) first. */
export const paperStrategies = ['', 'p', 'w', 'p -> p', 'w -> w', 'p -> w', 'w -> p', 'p -> w -> p'] as const;

/**
 * Reads a strategy: steps of any number, joined by `->` or `→`, spaces free, `Π`/`Θ` accepted. The empty string
 * (or `vanilla`) is the baseline alone.
 * @throws UsageError naming the piece that is wrong, or saying that there are too many.
 */
export function parseStrategy(text: string): Strategy {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.toLowerCase() === 'vanilla') return [];
  // No more pieces are cut than are taken.
  const steps = trimmed.split(/->|→/u, strategyStepsAtMost + 1);
  if (steps.length > strategyStepsAtMost) {
    throw new UsageError(`A strategy has ${strategyStepsAtMost} steps at most: "${trimmed.slice(0, 40)}…" has more.`);
  }
  return steps.map((raw, index, pieces) => {
    const piece = raw.trim();
    const step = spellings.get(piece.toLowerCase());
    if (step !== undefined) return step;
    const what = piece === '' ? 'is empty' : `is "${piece.slice(0, 100)}"`;
    throw new UsageError(
      `Strategy "${text.slice(0, 500)}": step ${index + 1} of ${pieces.length} ${what}. ` +
        'A step is p (search for prompts) or w (fine-tune weights), as in "p -> w -> p".',
    );
  });
}

/** The canonical spelling, and the key of its scores in a result: `p -> w -> p`; '' for the baseline. */
export function formatStrategy(strategy: Strategy): string {
  return strategy.join(' -> ');
}

/** Every prefix from the baseline on: '', 'p', 'p -> w', … */
export function prefixesOf(strategy: Strategy): string[] {
  return [...strategy.keys(), strategy.length].map((length) => formatStrategy(strategy.slice(0, length)));
}
