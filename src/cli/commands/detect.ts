import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import { howToConvert } from '../../data/notebooks.ts';
import { createDetector } from '../../detect/detectFolder.ts';
import type { Found, FoundName, FoundProgram } from '../../detect/base/found.ts';
import { listNotebooks } from '../../detect/nodeFiles.ts';
import type { Context } from '../base/context.ts';
import { onScreen, screenJson, screenLines } from '../../run/text/screenText.ts';

export function addDetect(program: Command, context: Context): void {
  program
    .command('detect')
    .argument('[folder]', 'where to look; by default here')
    .description('list programs, predictors, metrics and data sets, found by reading source; runs nothing')
    .option('--json', 'one JSON object on stdout')
    .action((folder: string | undefined, options: { readonly json?: true }) =>
      detect(context, folder ?? '.', options.json === true),
    );
}

async function detect({ terminal }: Context, asked: string, json: boolean): Promise<void> {
  const folder = resolve(terminal.cwd, asked);
  const info = await stat(folder).catch(() => null);
  if (info?.isDirectory() !== true) {
    throw new UsageError(`${folder} is not a folder. Name the folder in which to look for programs.`);
  }
  const detector = createDetector(folder);
  await detector.scan();
  const found = detector.found();
  for (const { file, why } of found.problems ?? []) {
    terminal.err(onScreen`${file}: ${why}; what it holds may be missing\n`);
  }
  const notebooks = await listNotebooks(folder);
  if (notebooks.length > 0) terminal.err(onScreen`${notRead(notebooks)}\n`);
  if (json) return terminal.out(screenJson(found));
  if (lines(found).length === 0) {
    return terminal.err(
      onScreen`no programs found in ${folder}: classes derived from dspy.Module or from the SDK's Module\n`,
    );
  }
  terminal.out(screenLines(lines(found)));
}

const notebooksNamed = 5;

function notRead(notebooks: readonly string[]): string {
  const more = notebooks.length - notebooksNamed;
  const names = [...notebooks.slice(0, notebooksNamed), ...(more > 0 ? [`${more} more`] : [])].join(', ');
  return `notebooks are not read: ${names}. A program stands in a .py file: ${howToConvert(notebooks[0]!)}`;
}

function lines({ programs, metrics, datasets, signatures }: Found): readonly string[] {
  return [
    ...programs.flatMap(programLines),
    ...metrics.map((each) => named('metric', each)),
    ...datasets.map((each) => named('data set', each)),
    ...signatures.map((each) => named('signature', each)),
  ];
}

function programLines(program: FoundProgram): readonly string[] {
  const { file, line, name, kind, runnable, predictors } = program;
  const what = kind === 'module' ? 'program' : 'predictor';
  const note = runnable ? '' : '  (cannot be run as it is: not visible from outside, abstract, or needs arguments)';
  return [
    `${file}:${line}  ${what} ${name}${note}`,
    ...predictors.map((each) => {
      const place = `${each.file ?? file}:${each.line}`;
      return `    ${place}  ${each.name}${each.signature === null ? '' : `: ${each.signature}`}`;
    }),
  ];
}

function named(what: string, { file, line, name }: FoundName): string {
  return `${file}:${line}  ${what} ${name}`;
}
