import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { loadConfig } from '../../config/load.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { noSuchProgram } from '../../config/overrides.ts';
import { resolveProgram } from '../../config/resolve.ts';
import { UsageError, messageOf } from '../../base/errors.ts';
import { shownFields } from '../../base/exact.ts';
import { fieldsRead, parseExactJson } from '../../base/exactJson.ts';
import type { Fields } from '../../base/json.ts';
import type { LmCall } from '../../data/lm.ts';
import { readOwnManifest } from '../../run/record/manifest.ts';
import type { PromptRequest, ShownPrompt } from '../../run/work/request.ts';
import { findRun } from '../../run/record/runFolder.ts';
import type { Context } from '../base/context.ts';
import { overridesOf, withProgramOptions } from '../base/options.ts';
import type { ProgramOptions } from '../base/options.ts';
import { stateNamed } from '../base/stateNamed.ts';
import { joined, onScreen, screenBlock, screenJson } from '../../run/text/screenText.ts';
import type { ScreenText } from '../../run/text/screenText.ts';

interface Options extends ProgramOptions {
  readonly predictor?: string;
  readonly input?: Fields;
  readonly state?: string;
  readonly json?: true;
}

export function addPrompt(program: Command, context: Context): void {
  const command = program
    .command('prompt')
    .description('show the final prompt of a predictor, as the LM would get it; asks no LM')
    .argument('<program|run>', 'a key of bettertogether.json, file#export, or a run (its final state)')
    .option('--predictor <name>', 'which one; not needed where there is only one')
    .option(
      '--input <json>',
      "the predictor's inputs, as a JSON object; by default taken from the first dev row",
      asFields,
    )
    .option('--state <run|file>', 'a run (its final state), an exported state, or one that DSPy saved');
  withProgramOptions(command)
    .option('--json', 'one JSON object on stdout: the call as the host makes it')
    .action((asked: string, options: Options) => prompt(context, asked, options));
}

function asFields(text: string): Fields {
  let value: unknown;
  try {
    value = parseExactJson(text);
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return fieldsRead(value as Fields);
  throw new InvalidArgumentError('It has to be a JSON object, such as {"question": "Who?"}.');
}

async function prompt({ terminal, compose }: Context, asked: string, options: Options): Promise<void> {
  const shown = await compose.showPrompt(await requested(terminal.cwd, asked, options), (line) => {
    terminal.err(onScreen`${line}\n`);
  });
  terminal.out(options.json === true ? screenJson({ ...shown, inputs: shownFields(shown.inputs) }) : inWords(shown));
}

async function requested(cwd: string, asked: string, options: Options): Promise<PromptRequest> {
  const loaded = await loadConfig(cwd);
  const { workspace } = loaded;
  const what = { workspace, predictor: options.predictor ?? null, inputs: options.input ?? null };
  if (asked.includes('#') || Object.hasOwn(loaded.config.programs ?? {}, asked)) {
    // No step is taken, so no price is needed.
    const config = await resolveProgram(loaded, asked, { ...overridesOf(options), strategy: 'vanilla' }, cwd);
    return {
      ...what,
      config,
      state: options.state === undefined ? null : await stateNamed(workspace, options.state, cwd),
    };
  }
  const run = await findRun(workspace, asked).catch((error: unknown) => {
    throw neither(loaded, asked, error);
  });
  const { asked: config } = await readOwnManifest(run.folder);
  return { ...what, config, state: await stateNamed(workspace, options.state ?? run.id, cwd) };
}

/** What was meant may as well be a program. */
function neither(loaded: LoadedConfig, asked: string, error: unknown): unknown {
  if (!(error instanceof UsageError)) return error;
  return new UsageError(`${noSuchProgram(loaded, asked).message} It is no run either. ${error.message}`);
}

function inWords({ predictor, call }: ShownPrompt): ScreenText {
  const { temperature, topP, maxTokens } = call.sampling ?? {};
  const own = { temperature, 'top-p': topP, 'max tokens': maxTokens };
  const settings = Object.entries(own).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
  const head = [`predictor ${predictor}`, `model ${call.model}`, ...settings].join(', ');
  const shown = turns(call).map(([role, text]) => onScreen`── ${role} ──\n${screenBlock(text)}\n`);
  return onScreen`${head}\n\n${joined(shown, onScreen`\n`)}`;
}

function turns({ prompt: asked }: LmCall): readonly (readonly [string, string])[] {
  if (asked.kind === 'text') return [['text', asked.prompt]];
  const messages = asked.messages.map(({ role, content }) => [role, content] as const);
  return asked.opened === undefined ? messages : [...messages, ['assistant, opened', asked.opened]];
}
