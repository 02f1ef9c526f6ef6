/** Strategies as people write them: steps in order, such as `p -> w -> p`. */
import { UsageError } from '../base/errors.ts';
import { strategyStepsAtMost } from '../base/limits.ts';

/** The names of its steps in order; none is the baseline alone. */
export type Strategy = readonly string[];

/** How steps may be written: each spelling, in small letters, with the step's name. */
export type StepNames = ReadonlyMap<string, string>;

/** The eight strategies of the paper's Table 1, '' (the baseline) first. */
export const paperStrategies = ['', 'p', 'w', 'p -> p', 'w -> w', 'p -> w', 'w -> p', 'p -> w -> p'] as const;

/** Names that mean something else where a strategy is written. */
const taken: ReadonlySet<string> = new Set(['vanilla', 'all']);

const nameForm = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

/** Steps whose settings have a key of their own in a program's entry. */
export const stepsWithKeys: ReadonlySet<string> = new Set(['p', 'w']);

/** Where a program's entry has the settings of a step: `p`, `steps.long`. */
export function settingsKey(step: string): string {
  return stepsWithKeys.has(step) ? step : `steps.${step}`;
}

/** What is wrong with the name of a step; `null`: nothing. */
export function stepNameProblem(name: string): string | null {
  if (!nameForm.test(name)) return 'must be a word of at most 64 letters, digits and _, beginning with a letter';
  return taken.has(name.toLowerCase()) ? `must not be "${name}", which is no step where a strategy is written` : null;
}

const arrow = /->|→/u;
const repeatedGroup = /\(([^()]*)\)\s*[*×]\s*(\d+)/gu;
const repeatedStep = /([\p{L}\w]+)\s*[*×]\s*(\d+)/gu;

/** `(gepa -> grpo)*2` and `w*2` written out. */
function writtenOut(text: string): string {
  const repeat = (whole: string, piece: string, times: string): string => {
    const count = Number(times);
    if (count === 0)
      throw new UsageError(`Strategy "${text.slice(0, 500)}": "${whole.slice(0, 100)}" is no step at all.`);
    if (count * piece.split(arrow).length > strategyStepsAtMost) throw tooMany(text);
    return Array.from({ length: count }, () => piece).join(' -> ');
  };
  return text.replace(repeatedGroup, repeat).replace(repeatedStep, repeat);
}

/**
 * Reads a strategy: steps of any number, joined by `->` or `→`, spaces free; `(gepa -> grpo)*3` is those two three times.
 * The empty string (or `baseline`, or the paper's word for it, `vanilla`) is the baseline alone.
 * @throws UsageError naming the piece that is wrong, or saying that there are too many.
 */
export function parseStrategy(text: string, names: StepNames): Strategy {
  const trimmed = text.trim();
  if (isBaseline(trimmed.toLowerCase(), names)) return [];
  // No more pieces are cut than are taken.
  const pieces = writtenOut(trimmed).split(arrow, strategyStepsAtMost + 1);
  if (pieces.length > strategyStepsAtMost) throw tooMany(trimmed);
  return pieces.map((raw, index) => {
    const piece = raw.trim();
    const step = names.get(piece.toLowerCase());
    if (step !== undefined) return step;
    const what = piece === '' ? 'is empty' : `is "${piece.slice(0, 100)}"`;
    throw new UsageError(
      `Strategy "${text.slice(0, 500)}": step ${index + 1} of ${pieces.length} ${what}. ` +
        `A step is ${listed(names)}, as in "p -> w -> p".`,
    );
  });
}

/** A step that somebody named `baseline` is that step. */
function isBaseline(text: string, names: StepNames): boolean {
  return text === '' || text === 'vanilla' || (text === 'baseline' && !names.has(text));
}

/**
 * `all` (the paper's eight) or strategies separated by commas, in their canonical spelling, each once.
 * @throws UsageError naming the piece that is wrong.
 */
export function parseStrategies(text: string, names: StepNames): readonly string[] {
  const written = text.trim().toLowerCase() === 'all' ? paperStrategies : text.split(',');
  return [...new Set(written.map((piece) => formatStrategy(parseStrategy(piece, names))))];
}

/** A strategy with each step that any of these has: what has to be agreed to, and priced, for all of them together. */
export function everyStepOf(strategies: readonly string[]): Strategy {
  return [...new Set(strategies.flatMap(stepsIn))];
}

/** The canonical spelling, and the key of its scores in a result: `p -> w -> p`; '' for the baseline. */
export function formatStrategy(strategy: Strategy): string {
  return strategy.join(' -> ');
}

/** The steps of a canonical spelling. @throws UsageError when there are too many, as in a log that somebody made. */
export function stepsIn(canonical: string): Strategy {
  if (canonical === '') return [];
  const steps = canonical.split(' -> ', strategyStepsAtMost + 1);
  if (steps.length > strategyStepsAtMost) throw tooMany(canonical);
  return steps;
}

function tooMany(text: string): UsageError {
  return new UsageError(`A strategy has ${strategyStepsAtMost} steps at most: "${text.slice(0, 40)}…" has more.`);
}

/** Every prefix from the baseline on: '', 'p', 'p -> w', … */
export function prefixesOf(strategy: Strategy): string[] {
  return [...strategy.keys(), strategy.length].map((length) => formatStrategy(strategy.slice(0, length)));
}

/** `p, w or g`. */
function listed(names: StepNames): string {
  const all = [...new Set(names.values())].slice(0, 20);
  return all.length === 1 ? all[0]! : `${all.slice(0, -1).join(', ')} or ${all.at(-1)!}`;
}
