import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { HumanError, UsageError, messageOf } from '../../base/errors.ts';
import { rowsShownAtMost } from '../../base/limits.ts';
import { replaceFile } from '../../base/replaceFile.ts';
import { loadConfig } from '../../config/load.ts';
import { resolveProgram } from '../../config/resolve.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { inspectManifest } from '../../run/record/manifest.ts';
import { findRun } from '../../run/record/runFolder.ts';
import { makeRows } from '../../run/rows/answer.ts';
import type { Answer, MadeRows } from '../../run/rows/answer.ts';
import { exportedSpans } from '../../run/rows/exportedSpans.ts';
import { fileAnswers } from '../../run/rows/fileAnswers.ts';
import { runAnswers } from '../../run/rows/runAnswers.ts';
import { screenLines } from '../../run/text/screenText.ts';
import { count, plural } from '../../view/words.ts';
import type { Context } from '../base/context.ts';
import { wholeNumber } from '../base/options.ts';
import { workspaceOf } from '../base/workspace.ts';

interface Options {
  readonly program?: string;
  readonly predictor?: string;
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
    .option('--failed', 'only of what failed')
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
    failed: options.failed === true,
    limit: options.limit,
  });
  if (made.rows === 0)
    throw new HumanError(`${source} has nothing to make rows of${options.failed ? ' that failed' : ''}.`);
  try {
    await replaceFile(out, made.text);
  } catch (error) {
    throw new HumanError(`The rows could not be written to ${out}: ${messageOf(error)}.`, { cause: error });
  }
  terminal.out(screenLines(told(made, options, options.program ?? read.asked?.key ?? null)));
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
  /** What the run was asked to do; `null` of a file. */
  readonly asked: ResolvedProgram | null;
}

async function answersIn(
  cwd: string,
  source: string,
  config: ResolvedProgram | null,
  { predictor = null }: { readonly predictor?: string | null },
): Promise<Read> {
  const file = resolve(cwd, source);
  if (/\.(?:jsonl?|ndjson|csv|tsv)$/i.test(source)) {
    const [input = 'input'] = config?.inputs ?? [];
    const [output = 'output'] = labelsOf(config) ?? [];
    const spans = await exportedSpans(file);
    return { answers: fileAnswers(source, spans, predictor, { input, output }), asked: null };
  }
  const run = await findRun(await workspaceOf(cwd), source);
  const { manifest } = await inspectManifest(run.folder);
  const { asked } = manifest;
  const own = predictor === null ? asked : null;
  return { answers: runAnswers(run, asked, predictor), asked: own };
}

/** What was made, and what comes next. */
function told(
  { rows: made, merged, leftOut, inputs, labels }: MadeRows,
  { out }: Options,
  program: string | null,
): readonly string[] {
  const fields = labels.map((name) => `"${name}"`).join(', ');
  const entry = program === null ? 'the program' : `"${program}"`;
  return [
    `${plural(made, 'row')} in ${out}: ${inputs.join(', ')}`,
    ...(merged > 0 ? [`${count(merged)} asked the same as another; the latest answer is kept`] : []),
    ...(leftOut > 0 ? [`${count(leftOut)} more were left out (--limit)`] : []),
    labels.length === 0
      ? 'Next: add a field with what is right to each row. "_answered" says what the program answered, and may be wrong.'
      : `Next: write what is right into ${fields} of each row, and take out what needs no label. "_answered" says what the program answered, and may be wrong.`,
    `Then name the file in bettertogether.json, in the entry of ${entry}: "train": "${out}". A row without its label is refused.`,
  ];
}
