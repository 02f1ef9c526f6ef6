import type { Command } from 'commander';
import { remoteHost, resolveEditor, resolveEndpoint } from '../../config/endpoint.ts';
import { configFileName, loadConfig } from '../../config/load.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { modelsAsked } from '../../config/namedModels.ts';
import type { ResolvedService } from '../../config/resolved.ts';
import { UsageError } from '../../base/errors.ts';
import { endpointLines } from '../../run/text/endpointText.ts';
import { onScreen, screenJson, screenLines } from '../../run/text/screenText.ts';
import type { Context } from '../base/context.ts';
import { abortOnInterrupt } from '../base/interrupt.ts';
import { withConsentOption } from '../base/options.ts';
import type { ConsentOptions } from '../base/options.ts';
import type { Terminal } from '../base/terminal.ts';

interface Options extends ConsentOptions {
  readonly model?: string;
  readonly json?: true;
}

export function addEndpoint(program: Command, context: Context): void {
  const command = program
    .command('endpoint')
    .description('look at an endpoint: what it is, what it takes, what it lacks, what to change')
    .argument('<name>', 'a key of "endpoints" in bettertogether.json')
    .option('--model <name>', 'the model to look at; without it those of the programs, else the first that is listed');
  withConsentOption(command)
    .option('--json', 'one JSON object on stdout')
    .action((name: string, options: Options) => lookAt(context, name, options));
}

async function lookAt({ terminal, compose }: Context, name: string, options: Options): Promise<void> {
  const loaded = await loadConfig(terminal.cwd);
  const endpoint = resolveEditor(loaded, name) ?? remoteEndpoint(loaded, name);
  await askToSend(terminal, endpoint, options.yes === true);
  const models = options.model === undefined ? modelsAsked(loaded, name) : [options.model];
  const say = (line: string) => terminal.err(onScreen`${line}\n`);
  const stop = abortOnInterrupt(terminal, 'stopping.', say, 'The look was cancelled.');
  try {
    const { workspace } = loaded;
    const report = await compose.reportEndpoint({ workspace, endpoint, models, signal: stop.signal });
    terminal.out(options.json === true ? screenJson(report) : screenLines(endpointLines(report)));
  } finally {
    stop.dispose();
  }
}

/** @throws UsageError where there is no such endpoint, or it is the embedded one. */
function remoteEndpoint(loaded: LoadedConfig, name: string): ResolvedService {
  const endpoint = resolveEndpoint(loaded, name, 'the command');
  if (endpoint.kind !== 'embedded') return endpoint;
  throw new UsageError(
    `"${name}" is the endpoint that comes with BetterTogether: it takes all that is sent. \`bettertogether serve\` starts it.`,
  );
}

/** @throws UsageError where there is no terminal to ask at, or the answer was no. */
async function askToSend(
  terminal: Terminal,
  { name, baseURL, apiKeyEnv }: ResolvedService,
  yes: boolean,
): Promise<void> {
  const host = remoteHost(baseURL);
  if (host === null || yes) return;
  const key = apiKeyEnv === null ? '' : ` with the key in ${apiKeyEnv}`;
  const sentence = `A few short questions go to ${host}${key}, to see what endpoint "${name}" takes; they may cost money.`;
  if (!terminal.interactive) {
    throw new UsageError(`${sentence} There is no terminal to ask at: add --yes if that is what you want.`);
  }
  terminal.err(onScreen`${sentence}\n`);
  if (!(await terminal.confirm(onScreen`Ask them?`))) {
    throw new UsageError(`Nothing was sent. The endpoint stands in ${configFileName}.`);
  }
}
