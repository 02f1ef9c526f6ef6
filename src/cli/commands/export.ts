import { resolve } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import { HumanError, UsageError, messageOf } from '../../data/errors.ts';
import type { JsonValue } from '../../data/json.ts';
import type { ProgramState } from '../../data/program.ts';
import { resolveHome } from '../../embedded/home.ts';
import { toDspyJson, toStateJson } from '../../run/exportState.ts';
import type { ExportFormat } from '../../run/exportState.ts';
import { exportWeights, tunedModels } from '../../run/exportWeights.ts';
import { readManifest } from '../../run/manifest.ts';
import type { Manifest } from '../../run/manifest.ts';
import { findRun } from '../../run/runFolder.ts';
import { readStates } from '../../run/stateFile.ts';
import type { Context } from '../context.ts';
import { stepName } from '../../run/text/words.ts';
import { workspaceOf } from '../workspace.ts';

interface Options {
  readonly format: ExportFormat;
  readonly out?: string;
  readonly weights?: string;
  readonly best?: true;
}

export function addExport(program: Command, context: Context): void {
  program
    .command('export')
    .description('write the state a run reached, to load into the program')
    .argument('<run>', 'an id, the beginning or end of one, or "latest"')
    .addOption(
      new Option('--format <format>', "json: for program.load; dspy: for DSPy's Module.load")
        .choices(['dspy', 'json'])
        .makeOptionMandatory(),
    )
    .option('--out <file>', 'write there instead of to stdout')
    .option('--weights <dir>', 'copy the adapters of the embedded endpoint there, as PEFT and as GGUF')
    .option('--best', 'the state with the best dev score instead of the final one')
    .action((asked: string, options: Options) => exportRun(context, asked, options));
}

async function exportRun({ terminal }: Context, asked: string, options: Options): Promise<void> {
  const run = await findRun(await workspaceOf(terminal.cwd), asked);
  const manifest = await readManifest(run.folder);
  const states = await readStates(run.folder);
  if (states === null) throw new UsageError(`Run ${run.id} has no state yet: no step of it has finished.`);
  const { prefix, state } = options.best === true ? states.best : states.final;
  const text = `${JSON.stringify(render(options.format, state, manifest), null, 2)}\n`;
  if (options.out === undefined) terminal.out(text);
  else await write(resolve(terminal.cwd, options.out), text);
  const where = options.out === undefined ? '' : ` to ${options.out}`;
  terminal.err(`${stepName(prefix)} of run ${run.id} exported${where}\n`);
  if (options.weights === undefined) return;
  const { endpoint, model } = manifest.asked;
  if (endpoint.kind !== 'embedded') {
    const names = tunedModels(state, model).join(', ') || 'none';
    throw new UsageError(
      `The weights of this run are at endpoint "${endpoint.name}" (${names}); there is nothing here to copy.`,
    );
  }
  const folders = await exportWeights(state, model, resolveHome(terminal.env), resolve(terminal.cwd, options.weights));
  for (const folder of folders) terminal.err(`weights in ${folder}\n`);
}

function render(format: ExportFormat, state: ProgramState, manifest: Manifest): JsonValue {
  if (format === 'json') return toStateJson(state);
  if (manifest.program === null) throw new HumanError(`Run ${manifest.id} never loaded its program; resume it first.`);
  return toDspyJson(state, manifest.program, manifest.asked.sampling);
}

async function write(file: string, text: string): Promise<void> {
  await writeFileAtomic(file, text).catch((error: unknown) => {
    throw new HumanError(`${file} could not be written: ${messageOf(error)}.`, { cause: error });
  });
}
