import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import { loadConfig } from '../../config/load.ts';
import { resolveProgram } from '../../config/resolve.ts';
import { showNotebook, showNotebooks } from '../../run/work/showNotebooks.ts';
import type { ShownNotebook } from '../../run/work/showNotebooks.ts';
import { joined, onScreen, screenBlock, screenJson, screenLines } from '../../run/text/screenText.ts';
import type { ScreenText } from '../../run/text/screenText.ts';
import type { Context } from '../base/context.ts';

export function addNotebook(program: Command, context: Context): void {
  program
    .command('notebook')
    .argument('<program>', 'a key of bettertogether.json, or file#name')
    .description("show the module that a run makes of a notebook's cells, and what it leaves out; runs nothing of them")
    .option('--json', 'one JSON object on stdout')
    .action((asked: string, options: { readonly json?: true }) => notebook(context, asked, options.json === true));
}

async function notebook({ terminal }: Context, asked: string, json: boolean): Promise<void> {
  const loaded = await loadConfig(terminal.cwd);
  const { workspace } = loaded;
  const isKey = Object.hasOwn(loaded.config.programs ?? {}, asked);
  const shown =
    isKey || !asked.includes('#')
      ? await showNotebooks(workspace, await resolveProgram(loaded, asked, {}, terminal.cwd))
      : await showNotebook(workspace, [absolute(asked, terminal.cwd)], asked.slice(asked.lastIndexOf('#') + 1));
  if (shown.length === 0) {
    throw new UsageError(`${isKey ? `Nothing of "${asked}"` : asked} is in a notebook (.ipynb, or a .py of marimo's).`);
  }
  terminal.out(
    json
      ? screenJson({ notebooks: shown })
      : joined(
          shown.map((each) => inWords(each, workspace)),
          onScreen`\n`,
        ),
  );
}

function absolute(reference: string, cwd: string): string {
  const hash = reference.lastIndexOf('#');
  return `${resolve(cwd, reference.slice(0, hash))}${reference.slice(hash)}`;
}

function inWords(
  { notebook: file, what, text, file: module, notes, leftOut }: ShownNotebook,
  workspace: string,
): ScreenText {
  const rest = leftOut.map(({ cell, line, why }) => onScreen`  cell ${cell}, line ${line}: ${why}`);
  return joined([
    screenLines([onScreen`── ${relative(workspace, file)}: ${what} ──`]),
    screenBlock(text),
    screenLines([
      ...notes.map((note) => onScreen`${note}`),
      ...(rest.length === 0 ? [] : [onScreen`left out:`, ...rest]),
      onScreen`A run keeps it as ${relative(workspace, module)}.`,
    ]),
  ]);
}
