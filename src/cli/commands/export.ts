import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import { replaceFile } from '../../base/replaceFile.ts';
import { HumanError, UsageError, isMissing, messageOf } from '../../base/errors.ts';
import { exactText } from '../../base/exact.ts';
import type { ProgramState } from '../../data/program.ts';
import { appendCell } from '../../notebook/appendCell.ts';
import { isNotebook } from '../../notebook/notebookText.ts';
import { resolveHome } from '../../home/home.ts';
import { toDspyJson, toStateJson } from '../../run/export/exportState.ts';
import { exportFormatNames, exportFormats, languages } from '../../data/language.ts';
import type { ExportFormat } from '../../data/language.ts';
import { savedOtherwise } from '../../run/export/savedOtherwise.ts';
import { loadingCodeOf } from '../../run/export/loadingCode.ts';
import { readOwnManifest } from '../../run/record/manifest.ts';
import type { Manifest } from '../../run/record/manifest.ts';
import { findRun } from '../../run/record/runFolder.ts';
import { readOwnStates } from '../../run/record/stateFile.ts';
import { copyWeights } from '../../run/weights/copyWeights.ts';
import { findWeights } from '../../run/weights/findWeights.ts';
import type { TunedWeights } from '../../run/weights/findWeights.ts';
import { servingOf } from '../../run/weights/serving.ts';
import type { Serving } from '../../run/weights/serving.ts';
import { ggufMaker } from '../../run/services/ggufAdapter.ts';
import type { Context } from '../base/context.ts';
import { brief, startName, stepName } from '../../view/words.ts';
import { workspaceOf } from '../base/workspace.ts';
import { onScreen, screenBlock, screenJsonText, screenLines } from '../../run/text/screenText.ts';
import type { ScreenText } from '../../run/text/screenText.ts';

interface Options {
  readonly format?: ExportFormat;
  readonly out?: string;
  readonly weights?: string;
  readonly best?: true;
  readonly cell?: true;
}

export function addExport(program: Command, context: Context): void {
  program
    .command('export')
    .description('write the state a run reached, to load into the program')
    .argument('<run>', 'an id, the beginning or end of one, or "latest"')
    .addOption(
      new Option(
        '--format <format>',
        "dspy: for programs in DSPy; json: for the TypeScript SDK, and for --state and --from; default: as the program's language is",
      ).choices(exportFormatNames),
    )
    .option('--out <file>', 'write there instead of to stdout')
    .option(
      '--weights <dir>',
      'copy the adapters of the tuned models there, as PEFT and, where that can be made, as GGUF',
    )
    .option('--best', 'the state with the best dev score instead of the final one')
    .option('--cell', 'with --out: put a cell that loads it at the end of the notebook that the program is in')
    .action((asked: string, options: Options) => exportRun(context, asked, options));
}

async function exportRun({ terminal }: Context, asked: string, options: Options): Promise<void> {
  const workspace = await workspaceOf(terminal.cwd);
  const run = await findRun(workspace, asked);
  const manifest = await readOwnManifest(run.folder);
  const states = await readOwnStates(run.folder);
  if (states === null) throw new UsageError(`Run ${run.id} has no state yet: no step of it has finished.`);
  const { prefix, state } = options.best === true ? states.best : states.final;
  const weights = options.weights === undefined ? null : await weightsOf(workspace, state, manifest, terminal.env);
  const format = options.format ?? languages[manifest.program?.language ?? 'typescript'].exportFormat;
  const rendered = render(format, state, manifest);
  const code = codeFor({ ...options, format }, manifest, state, terminal.cwd);
  const notebook = options.cell === true ? await notebookWith(code, manifest, options) : null;
  if (options.out === undefined) terminal.out(screenJsonText(rendered));
  else await write(resolve(terminal.cwd, options.out), `${rendered}\n`);
  const where = options.out === undefined ? '' : ` to ${options.out}`;
  terminal.err(onScreen`${stepName(prefix, startName(manifest.start))} of run ${run.id} exported${where}\n`);
  terminal.err(otherLanguage(format, manifest));
  if (format === 'dspy') terminal.err(changedBySave(state));
  terminal.err(servingText(await servingOf({ workspace, state, manifest })));
  if (notebook === null) terminal.err(loadingText(code));
  else {
    await write(notebook.file, notebook.text);
    terminal.err(onScreen`\nthe last cell of ${notebook.file} loads it\n`);
  }
  if (weights === null) return;
  const makeGguf = ggufMaker(resolveHome(terminal.env), terminal.env);
  for (const { folder, noGguf } of await copyWeights(weights, resolve(terminal.cwd, options.weights!), makeGguf)) {
    terminal.err(onScreen`weights in ${folder}\n`);
    if (noGguf !== null) terminal.err(onScreen`as PEFT only, no GGUF was made: ${brief(noGguf)}\n`);
  }
}

/** @throws HumanError where there are no weights to copy. */
function weightsOf(
  workspace: string,
  state: ProgramState,
  { asked, program }: Manifest,
  env: NodeJS.ProcessEnv,
): Promise<readonly TunedWeights[]> {
  const { endpoint, model } = asked;
  return findWeights({ workspace, state, endpoint, model, program, home: resolveHome(env) });
}

function render(format: ExportFormat, state: ProgramState, manifest: Manifest): string {
  if (format === 'json') return JSON.stringify(toStateJson(state), null, 2);
  if (manifest.program === null) throw new HumanError(`Run ${manifest.id} never loaded its program; resume it first.`);
  return exactText(toDspyJson(state, manifest.program, manifest.asked.sampling));
}

/** Changed values that are listed one by one. */
const told = 10;

/** What loads the file gets other values than the state has, as with DSPy's own `save`. */
function changedBySave(state: ProgramState): ScreenText {
  const all = savedOtherwise(state);
  if (all.length === 0) return onScreen``;
  const lines = all.slice(0, told).map(({ predictor, demo, field, was, becomes }) => {
    return onScreen`  ${predictor}, demo ${demo}, ${field}: ${was} becomes ${becomes}`;
  });
  const more = all.length > told ? [onScreen`  and ${all.length - told} more`] : [];
  const head = onScreen`DSPy's format changes values of demos, as its own save does. \`--format json\` keeps them, for --from and --state:`;
  return screenLines([head, ...lines, ...more]);
}

/** The program itself cannot load the other language's format. */
function otherLanguage(format: ExportFormat, { program }: Manifest): ScreenText {
  if (program === null) return onScreen``;
  const { library, exportFormat } = languages[program.language];
  if (exportFormat === format) return onScreen``;
  const who = `${library.charAt(0).toUpperCase()}${library.slice(1)}`;
  const cannot = onScreen`${who} cannot load this file: it is ${exportFormats[format].otherwise}.`;
  return onScreen`${cannot} \`--format ${exportFormat}\` writes what program.load of ${library} reads.\n`;
}

type Code = ReturnType<typeof loadingCodeOf>;

/** What to paste into the user's own code, where it is in the language that the format is for. */
function codeFor(
  { format, out }: Required<Pick<Options, 'format'>> & Options,
  manifest: Manifest,
  state: ProgramState,
  cwd: string,
): Code {
  return out === undefined ? null : loadingCodeOf(manifest, state, format, resolve(cwd, out));
}

function loadingText(code: Code): ScreenText {
  if (code === null) return onScreen``;
  return onScreen`\nload it with\n\n${screenBlock(String(code).replaceAll(/^(?=.)/gm, '    '))}\n`;
}

/** @throws UsageError where there is no file to load, or no notebook of Jupyter's to load it in. */
async function notebookWith(code: Code, { asked }: Manifest, { out }: Options) {
  const { file } = asked.program;
  if (out === undefined) throw new UsageError('--cell needs --out: the cell loads that file.');
  if (!isNotebook(file)) throw new UsageError(`--cell: ${file} is no notebook of Jupyter's.`);
  if (code === null) throw new UsageError('--cell: the program cannot load this format; leave --format out.');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${file} could not be read: ${messageOf(error)}.`, error);
  });
  return { file, text: appendCell(file, text, String(code)) };
}

/** How its models are served from now on. */
function servingText(serving: Serving | null): ScreenText {
  if (serving === null) return onScreen``;
  const { command, note } = serving;
  if (command === null) return onScreen`\n${note}\n`;
  const head = command.includes('\n') ? 'serve it with, one after the other' : 'serve it with';
  return onScreen`\n${head}\n\n${screenBlock(command.replaceAll(/^/gm, '    '))}\n\n${note}\n`;
}

async function write(file: string, text: string): Promise<void> {
  await replaceFile(file, text).catch((error: unknown) => {
    const folder = dirname(file);
    if (isMissing(error) && !existsSync(folder)) {
      throw new UsageError(`The folder ${folder} does not exist, so ${basename(file)} cannot be written there.`, error);
    }
    throw new HumanError(`${file} could not be written: ${messageOf(error)}.`, { cause: error });
  });
}
