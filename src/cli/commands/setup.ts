import type { Command } from 'commander';
import { resolveHome } from '../../home/home.ts';
import { ensureEmbedded } from '../../embedded/setup.ts';
import type { Context } from '../base/context.ts';
import { abortOnInterrupt } from '../base/interrupt.ts';
import { onScreen, screenJson } from '../../run/text/screenText.ts';

export function addSetup(program: Command, context: Context): void {
  program
    .command('setup')
    .description('install what the embedded endpoint needs, once: the model, what serves it and what trains it')
    .option('--json', 'say as one JSON object where it is')
    .action((options: { readonly json?: true }) => setup(context, options.json === true));
}

async function setup({ terminal }: Context, json: boolean): Promise<void> {
  const say = (line: string): void => {
    terminal.err(onScreen`${line}\n`);
  };
  const stop = abortOnInterrupt(terminal, 'stopping; what is there stays. Ctrl-C again kills.', say);
  const home = resolveHome(terminal.env);
  try {
    const { model, trainer } = await ensureEmbedded(home, {
      env: terminal.env,
      signal: stop.signal,
      onProgress: ({ state, message }) => {
        if (state !== 'present') say(message);
      },
    });
    terminal.out(
      json ? screenJson({ home: home.root, model, trainer }) : onScreen`the embedded endpoint is in ${home.root}\n`,
    );
  } finally {
    stop.dispose();
  }
}
