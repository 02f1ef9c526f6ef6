import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { resolveProgram } from '../../config/resolve.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { exitCode, HumanError, isMissing, messageOf, UsageError } from '../../base/errors.ts';
import { given } from '../../base/given.ts';
import { mostFrequent } from '../../base/mostFrequent.ts';
import type { EvaluationResult, RowRange } from '../../run/work/request.ts';
import { askConsent } from '../base/consent.ts';
import type { Context } from '../base/context.ts';
import { stateNamed } from '../base/stateNamed.ts';
import { abortOnInterrupt } from '../base/interrupt.ts';
import {
  otlpOf,
  overridesOf,
  percentage,
  rowRanges,
  withBudgetOptions,
  withConsentOption,
  withOtlpOptions,
  withProgramOptions,
} from '../base/options.ts';
import type { ConsentOptions, OtlpOptions, ProgramOptions } from '../base/options.ts';
import type { Usage } from '../../protocol.ts';
import { Progress } from '../../run/text/progress.ts';
import { withInterval } from '../../run/text/table.ts';
import { count, duration, errorText, percent, plural } from '../../view/words.ts';
import { screenJson, screenLines } from '../../run/text/screenText.ts';
import type { ScreenText } from '../../run/text/screenText.ts';

const cancelled = 'The evaluation was cancelled. The same command goes on; what was answered is remembered.';

type Split = 'dev' | 'test' | 'train';

interface Options extends ProgramOptions, ConsentOptions, OtlpOptions {
  readonly split: Split;
  readonly state?: string;
  readonly rows?: readonly RowRange[];
  readonly traces?: string;
  readonly minScore?: number;
  readonly json?: true;
}

export function addEvaluate(program: Command, context: Context): void {
  const command = program
    .command('evaluate')
    .description('measure a program with its metric')
    .argument('<program>', 'a key of bettertogether.json, or file#export')
    .addOption(new Option('--split <split>', 'rows to measure on').choices(['dev', 'test', 'train']).default('dev'))
    .option(
      '--state <run|file>',
      'a run (its final state), an exported state, or one that DSPy saved; without it the program as written',
    )
    .option('--rows <numbers>', 'only these rows of the split, counted from 1 in their file: 3,7-9', rowRanges)
    .option('--traces <folder>', 'keep a trace of each row in this folder, new or empty')
    .option('--min-score <score>', 'end with code 4 where the score is below this, 0 to 100', percentage);
  withOtlpOptions(withConsentOption(withBudgetOptions(withProgramOptions(command))))
    .option('--json', 'one JSON object on stdout')
    .action(async (asked: string, options: Options) => {
      let spent = nothing;
      try {
        await evaluate(context, asked, options, (usage) => (spent = usage));
      } finally {
        // Also of an evaluation that failed: who is not told has to take it for killed.
        context.terminal.spent(spent);
      }
    });
}

const nothing: Usage = { calls: 0, cached: 0, inputTokens: 0, outputTokens: 0, usd: 0 };

async function evaluate(
  context: Context,
  asked: string,
  options: Options,
  onSpent: (usage: Usage) => void,
): Promise<void> {
  const { terminal, compose } = context;
  const { split, rows } = options;
  const otlp = otlpOf(options);
  const loaded = await loadConfig(terminal.cwd);
  // Measuring takes no steps: no price of training is needed for it, and no rows are uploaded.
  const overrides = { ...overridesOf(options), strategy: 'vanilla' };
  const config = await resolveProgram(loaded, asked, overrides, terminal.cwd);
  if (split === 'test' && config.data.test === null) {
    throw new UsageError(`"${asked}" has no test rows: name a file under "test", or choose --split dev.`);
  }
  const state = options.state === undefined ? null : await stateNamed(loaded.workspace, options.state, terminal.cwd);
  const traces = options.traces === undefined ? undefined : await newFolder(resolve(terminal.cwd, options.traces));
  await askConsent(terminal, config, options.yes === true, 'evaluation', undefined, otlp);
  const progress = new Progress(terminal);
  const say = (line: string): void => {
    progress.line(line);
  };
  const stop = abortOnInterrupt(terminal, 'stopping; what was answered is remembered.', say, cancelled);
  let began: number | null = null;
  try {
    const result = await compose.evaluateOnce(
      {
        ...{ workspace: loaded.workspace, config, split, state, budget: config.budget },
        ...given({ rows, traces, otlp: otlp ?? undefined }),
      },
      {
        signal: stop.signal,
        log: say,
        onProgress: (measured) => {
          began ??= performance.now();
          progress.measured(split, began, measured);
        },
        onSpent,
      },
    );
    progress.end();
    const { minScore } = options;
    terminal.out(
      options.json === true ? screenJson(asJson(config, split, result, minScore)) : inWords(config, split, result),
    );
    requireScores(config, split, result);
    if (minScore !== undefined) requireScore(config, result, minScore);
  } finally {
    progress.end();
    stop.dispose();
  }
}

/** Different errors that are named. */
const textsNamed = 3;

/**
 * A run goes on where its rows fail for different reasons, as a step may mend them; a measurement has nothing to say then.
 * An answer that could not be read is an answer of the LM's, which counts as 0.
 *
 * @throws HumanError where every row failed, by anything else.
 */
function requireScores({ key }: ResolvedProgram, split: Split, { score: { n }, failures }: EvaluationResult): void {
  if (failures.length < n || failures.some(({ error }) => error.kind === 'parse')) return;
  const most = mostFrequent(failures.map(({ error }) => errorText(error, true))).slice(0, textsNamed);
  const named = most.map(([text, rows]) => `${plural(rows, 'row')}: ${text}`);
  throw new HumanError(
    [`${key}: all ${plural(n, `${split} row`)} failed, so there is no score. Most often:`, ...named].join('\n'),
  );
}

/** @throws HumanError with an exit code of its own, for pipelines, where the score is below what was asked for. */
function requireScore({ key }: ResolvedProgram, { score: measured }: EvaluationResult, least: number): void {
  const { score, high, n } = measured;
  if (score >= least) return;
  const chance = ` Its interval reaches to ${percent(high)}: with ${plural(n, 'row')} that may be chance.`;
  throw new HumanError(`${key} scored ${score} %, below --min-score ${least}.${high >= least ? chance : ''}`, {
    exit: exitCode.belowScore,
  });
}

function asJson(
  { key: program, endpoint }: ResolvedProgram,
  split: Split,
  { score, models, usage, seconds, failures, rows, sources }: EvaluationResult,
  minScore: number | undefined,
) {
  const about = { program, endpoint: endpoint.name, models, split, ...given({ minScore }) };
  return { type: 'evaluation', ...about, ...score, usage, seconds, failures, rows, sources };
}

/** @throws UsageError where something is in it: what is read there would be of two evaluations. */
async function newFolder(folder: string): Promise<string> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw new UsageError(`--traces ${folder}: ${messageOf(error)}`);
  });
  if (names.length > 0) throw new UsageError(`--traces ${folder}: it is not empty. Name a folder that is new.`);
  return folder;
}

function inWords(
  { key, endpoint }: ResolvedProgram,
  split: Split,
  { score, models, usage, seconds, failures }: EvaluationResult,
): ScreenText {
  const lines = [
    `${key} on ${plural(score.n, `${split} row`)}: ${withInterval(score)} %`,
    `${models.join(', ')} on ${endpoint.name}; ${plural(usage.calls, 'call')} paid for, ${count(usage.cached)} from the memo; ${duration(seconds)}`,
  ];
  for (const { example, error } of failures.slice(0, 10)) {
    lines.push(`row ${example + 1}: ${errorText(error, true)}`);
  }
  if (failures.length > 10) lines.push(`and ${plural(failures.length - 10, 'more row')} failed`);
  return screenLines(lines);
}
