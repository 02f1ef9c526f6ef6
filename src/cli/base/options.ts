import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { Overrides } from '../../config/overrides.ts';
import type { BudgetCaps } from '../../config/resolved.ts';
import { otlpTarget } from '../../otlp/target.ts';
import type { OtlpTarget } from '../../otlp/target.ts';
import { UsageError } from '../../base/errors.ts';
import { metricSpellings } from '../../data/builtInMetrics.ts';
import type { RowRange } from '../../run/work/request.ts';

export interface BudgetOptions {
  readonly budgetCalls?: number;
  readonly budgetTokens?: number;
  readonly budgetUsd?: number;
}

export interface ProgramOptions extends BudgetOptions {
  readonly strategy?: string;
  readonly seed?: number;
  readonly endpoint?: string;
  readonly model?: string;
  readonly metric?: string;
  readonly train?: string;
  readonly inputs?: readonly string[];
}

/** Options that add to what `bettertogether.json` says, or take the place of it. */
export function withProgramOptions(command: Command): Command {
  return command
    .option(
      '--endpoint <name>',
      'a key of "endpoints" in bettertogether.json; by default the program\'s own, else embedded',
    )
    .option('--model <name>', 'the LM to start from')
    .option('--metric <metric>', metricSpellings)
    .option(
      '--train <file>',
      'rows to optimize on: .jsonl, .json, .csv or .tsv (also .gz), .parquet, file.json#key, or code: file.py#name',
    )
    .option('--inputs <fields>', 'fields the program is called with, separated by commas', fieldList)
    .option('--seed <n>', 'seed of every shuffle', wholeNumber(0));
}

export function withBudgetOptions(command: Command): Command {
  return command
    .option('--budget-calls <n>', 'LM calls to be paid for at most', wholeNumber(1))
    .option('--budget-tokens <n>', 'tokens, in, out and trained on, to be paid for at most', wholeNumber(1))
    .option('--budget-usd <x>', 'US dollars to be spent at most', positiveNumber);
}

/** Of an allowance: over all that is started with it. */
export function withAllowedCaps(command: Command): Command {
  return command
    .option(
      '--budget-usd <x>',
      'US dollars to be spent in all at most; only where the endpoint has prices',
      positiveNumber,
    )
    .option('--budget-calls <n>', 'LM calls to be paid for in all at most', wholeNumber(1));
}

export interface ConsentOptions {
  readonly yes?: true;
}

/** For every command that makes calls or uploads. */
export function withConsentOption(command: Command): Command {
  return command.option('--yes', 'agree to costs and uploads');
}

export interface OtlpOptions {
  readonly otlp?: string;
  readonly otlpContent?: true;
}

/** For every command that runs programs. */
export function withOtlpOptions(command: Command): Command {
  return command
    .option('--otlp <url>', 'send program runs and calls as OpenTelemetry spans there, such as http://127.0.0.1:4318')
    .option('--otlp-content', 'with prompts, answers and rows');
}

/**
 * Where spans go. No variable of the environment names the place.
 *
 * @throws UsageError for what is no address.
 */
export function otlpOf({ otlp, otlpContent }: OtlpOptions): OtlpTarget | null {
  if (otlp !== undefined) return otlpTarget(otlp, otlpContent === true, '--otlp');
  if (otlpContent === true) throw new UsageError('--otlp-content says what is sent; say with --otlp where to.');
  return null;
}

export function overridesOf(options: ProgramOptions): Overrides {
  const { strategy, seed, endpoint, model, metric, train, inputs } = options;
  return { strategy, seed, endpoint, model, metric, train, inputs, budget: capsOf(options) };
}

/** Only the caps that were given. */
export function capsOf(options: BudgetOptions): Partial<BudgetCaps> {
  return {
    ...(options.budgetCalls !== undefined && { calls: options.budgetCalls }),
    ...(options.budgetTokens !== undefined && { tokens: options.budgetTokens }),
    ...(options.budgetUsd !== undefined && { usd: options.budgetUsd }),
  };
}

export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`It has to be a whole number from ${least} on.`);
    }
    return value;
  };
}

/** `3,7-9`: rows as people count them, from 1; the ranges are of their numbers from 0. */
export function rowRanges(text: string): readonly RowRange[] {
  return text.split(',').map((piece) => {
    const [, from, to = from] = /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/.exec(piece) ?? [];
    const range = { first: Number(from) - 1, last: Number(to) - 1 };
    if (from === undefined || range.first < 0 || range.last < range.first || !Number.isSafeInteger(range.last)) {
      throw new InvalidArgumentError('It has to be numbers of rows from 1 on, as in 3,7-9.');
    }
    return range;
  });
}

/** A score: 0 to 100. */
export function percentage(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 100) return value;
  throw new InvalidArgumentError('It has to be a score in per cent, 0 to 100.');
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError('It has to be a number above 0.');
  }
  return value;
}

function fieldList(text: string): readonly string[] {
  const fields = text.split(',').map((field) => field.trim());
  if (fields.includes('')) throw new InvalidArgumentError('It has to be names separated by commas.');
  return fields;
}
