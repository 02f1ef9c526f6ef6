import { Option } from 'commander';
import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { HumanError, UsageError, messageOf } from '../../base/errors.ts';
import { rowsShownAtMost } from '../../base/limits.ts';
import { quotedNames } from '../../base/quotedNames.ts';
import { replaceFile } from '../../base/replaceFile.ts';
import { loadConfig } from '../../config/load.ts';
import { resolveProgram } from '../../config/resolve.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { readRun } from '../../run/reading/summary.ts';
import { findRun } from '../../run/record/runFolder.ts';
import { makeRows } from '../../run/rows/answer.ts';
import type { Answer, MadeRows } from '../../run/rows/answer.ts';
import { exportedSpans } from '../../run/rows/exportedSpans.ts';
import { fileAnswers } from '../../run/rows/fileAnswers.ts';
import { runAnswers } from '../../run/rows/runAnswers.ts';
import { bestState, rowsOfRun } from '../../run/rows/runSource.ts';
import { screenLines } from '../../run/text/screenText.ts';
import { count, plural } from '../../view/words.ts';
import type { Context } from '../base/context.ts';
import { wholeNumber } from '../base/options.ts';
import { workspaceOf } from '../base/workspace.ts';

type Split = 'train' | 'dev';

interface Options {
  readonly program?: string;
  readonly predictor?: string;
  readonly split?: Split;
  readonly out: string;
  readonly failed?: true;
  readonly limit: number;
  readonly force?: true;
}

export function addRows(program: Command, context: Context): void {
  program
    .command('rows')
    .description('make a data set of what a program was asked, for a person to label')
    .argument('<source>', 'a run, or spans exported by OpenTelemetry, Phoenix, Langfuse or MLflow: .json, .jsonl, .csv')
    .option('--program <name>', 'a key of bettertogether.json: its "inputs" and its metric say which fields are which')
    .option('--predictor <name>', 'of the calls of this predictor, not of the whole program')
    .addOption(new Option('--split <split>', 'of a run: rows of train (default) or dev').choices(['train', 'dev']))
    .option('--failed', 'only of what failed: of a run, with its best state')
    .option('--limit <n>', 'rows at most', wholeNumber(1), rowsShownAtMost)
    .option('--out <file>', 'a .jsonl file', 'rows.jsonl')
    .option('--force', 'write over the file where it is there')
    .action((source: string, options: Options) => rows(context, source, options));
}

async function rows({ terminal }: Context, source: string, options: Options): Promise<void> {
  const { cwd } = terminal;
  const out = resolve(cwd, options.out);
  if (extname(out).toLowerCase() !== '.jsonl')
    throw new UsageError(`--out ${options.out}: rows are written as .jsonl.`);
  if (existsSync(out) && options.force !== true) {
    throw new UsageError(`${options.out} is there already, perhaps with labels: name another file, or add --force.`);
  }
  const config = options.program === undefined ? null : await programNamed(cwd, options.program);
  const read = await answersIn(cwd, source, config, options);
  const made = makeRows(read.answers, {
    inputs: (config ?? read.asked)?.inputs ?? null,
    labels: labelsOf(config ?? read.asked),
    expected: read.expected,
    failed: options.failed === true,
    limit: options.limit,
  });
  if (made.rows === 0) {
    const nothing = `${source} has nothing to make rows of${options.failed ? ' that failed' : ''}.`;
    throw new HumanError([nothing, ...read.notes.map((note) => `${note}.`)].join(' '));
  }
  try {
    await replaceFile(out, made.text);
  } catch (error) {
    throw new HumanError(`The rows could not be written to ${out}: ${messageOf(error)}.`, { cause: error });
  }
  terminal.out(screenLines(told(made, read, options)));
}

async function programNamed(cwd: string, name: string): Promise<ResolvedProgram> {
  return resolveProgram(await loadConfig(cwd), name, {}, cwd);
}

/** What a built-in metric compares; of a metric of code it is not known. */
function labelsOf(config: Pick<ResolvedProgram, 'metric'> | null): readonly string[] | null {
  return config?.metric.kind === 'builtin' ? [config.metric.field] : null;
}

interface Read {
  readonly answers: Iterable<Answer>;
  /** What the run was asked to do; `null` of a file, or of calls of a predictor. */
  readonly asked: ResolvedProgram | null;
  readonly expected: readonly string[];
  /** The key of bettertogether.json that the rows are for. */
  readonly split: Split;
  /** What was left out, or is not known, and why. */
  readonly notes: readonly string[];
}

async function answersIn(
  cwd: string,
  source: string,
  config: ResolvedProgram | null,
  { predictor = null, split }: { readonly predictor?: string | null; readonly split?: Split },
): Promise<Read> {
  if (!/\.(?:jsonl?|ndjson|csv|tsv)$/i.test(source)) return answersOfRun(cwd, source, predictor, split ?? 'train');
  if (split !== undefined)
    throw new UsageError('--split is of a run: a file of spans does not say which rows are which.');
  const [input = 'input'] = config?.inputs ?? [];
  const [output = 'output'] = labelsOf(config) ?? [];
  const spans = await exportedSpans(resolve(cwd, source));
  const { answers, cut } = fileAnswers(source, spans, predictor, { input, output });
  const notes = cut > 0 ? [`${plural(cut, 'span')} left out: what went in was cut where it was sent`] : [];
  return { answers, asked: null, expected: [], split: 'train', notes };
}

async function answersOfRun(cwd: string, source: string, predictor: string | null, split: Split): Promise<Read> {
  const run = await findRun(await workspaceOf(cwd), source);
  const summary = await readRun(run);
  const { asked, program } = summary.manifest;
  // Calls are given what the program makes for them.
  const { rows, problem } = predictor === null ? await rowsOfRun(summary, split) : { rows: null, problem: null };
  const best = bestState(summary.view);
  const { answers, others } = runAnswers(run, { split, predictor, threshold: asked.threshold, best, rows });
  const described = program?.predictors ?? [];
  const last = predictor === null ? described.at(-1) : described.find(({ name }) => name === predictor);
  return {
    answers,
    asked: predictor === null ? asked : null,
    expected: last?.signature.outputs.map(({ name }) => name) ?? [],
    split,
    notes: [
      ...leftOutOf(others),
      ...(problem === null
        ? []
        : [`Inputs are what calls were given, also what was looked up for them: ${unstopped(problem)}`]),
    ],
  };
}

function leftOutOf({ train, dev, test }: Readonly<Record<Split | 'test', number>>): readonly string[] {
  return [
    ...(test > 0 ? [`${plural(test, 'row')} of test left out: held out for the score`] : []),
    ...(dev > 0 ? [`${plural(dev, 'row')} of dev left out: held out to choose by (--split dev)`] : []),
    ...(train > 0 ? [`${plural(train, 'row')} of train left out (--split train)`] : []),
  ];
}

const unstopped = (text: string): string => text.replace(/\.$/, '');

/** What was made, and what comes next. */
function told(
  { rows: made, merged, leftOut, inputs, labels }: MadeRows,
  { asked, notes, split }: Read,
  { out, program }: Options,
): readonly string[] {
  const fields = quotedNames(labels);
  const key = program ?? asked?.key;
  const entry = key === undefined ? 'the program' : `"${key}"`;
  return [
    `${plural(made, 'row')} in ${out}: ${inputs.join(', ')}`,
    ...(merged > 0 ? [`${count(merged)} asked the same as another; the latest answer is kept`] : []),
    ...(leftOut > 0 ? [`${count(leftOut)} more were left out (--limit)`] : []),
    ...notes,
    labels.length === 0
      ? 'Next: nothing was answered, so add a field with what is right to each row, and name "inputs" in the entry.'
      : `Next: write what is right into ${fields} of each row, and take out what needs no label. "_answered" says what the program answered, and may be wrong.`,
    `Then name the file in bettertogether.json, in the entry of ${entry}: "${split}": "${out}". A row without its label is refused.`,
  ];
}
