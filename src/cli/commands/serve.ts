import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { HumanError } from '../../base/errors.ts';
import { tokenVariable } from '../../home/token.ts';
import { wholeNumber } from '../base/options.ts';
import type { Context } from '../base/context.ts';
import { abortOnInterrupt } from '../base/interrupt.ts';
import { powershellWord, shellWord } from '../../run/code/shell.ts';
import { onScreen, screenLines } from '../../run/text/screenText.ts';
import type { ScreenText } from '../../run/text/screenText.ts';

export function addServe(program: Command, context: Context): void {
  program
    .command('serve')
    .description('serve the embedded model and the adapters trained before, on 127.0.0.1')
    .option('--port <n>', 'port to listen on; without it a free one', port)
    .option('--model <file>', 'another model, as a .gguf file')
    .action((options: { readonly port?: number; readonly model?: string }) => serve(context, options));
}

function port(text: string): number {
  const value = wholeNumber(0)(text);
  if (value > 65535) throw new InvalidArgumentError('It has to be 65535 at most.');
  return value;
}

async function serve(
  { terminal, serve: start }: Context,
  options: { readonly port?: number; readonly model?: string },
): Promise<void> {
  const say = (line: string): void => {
    terminal.err(onScreen`${line}\n`);
  };
  const stop = abortOnInterrupt(terminal, 'stopping. Ctrl-C again kills.', say);
  try {
    const code = await start(
      { port: options.port ?? null, model: options.model === undefined ? null : resolve(terminal.cwd, options.model) },
      {
        signal: stop.signal,
        log: say,
        listening: (baseURL, model, tokenFile) => {
          terminal.out(onScreen`${baseURL}\n`);
          say(`serving ${model} and the adapters trained on it; Ctrl-C stops`);
          terminal.err(keyNote(tokenFile));
        },
      },
    );
    // Stopping is how a server ends: Ctrl-C is no failure here.
    if (code !== 0 && !stop.signal.aborted) throw new HumanError('The embedded endpoint stopped; see above.');
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    stop.dispose();
  }
}

/** Where the key is, and never what it is: this may be a log. */
function keyNote(file: string): ScreenText {
  const set =
    process.platform === 'win32'
      ? `$env:${tokenVariable} = Get-Content ${powershellWord(file)}`
      : `export ${tokenVariable}="$(cat ${shellWord(file)})"`;
  return screenLines([
    `its API key, for programs of yours, is the token in ${file}:`,
    `  ${set}`,
    `and "apiKeyEnv": "${tokenVariable}" in bettertogether.json`,
  ]);
}
