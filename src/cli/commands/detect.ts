import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { placeText } from '../../base/placeText.ts';
import { UsageError } from '../../base/errors.ts';
import { createDetector } from '../../detect/detectFolder.ts';
import type { Found, FoundName, FoundProgram } from '../../detect/base/found.ts';
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
  if (json) return terminal.out(screenJson(found));
  if (lines(found).length === 0) {
    return terminal.err(
      onScreen`no programs found in ${folder}: classes derived from dspy.Module or from the SDK's Module\n`,
    );
  }
  terminal.out(screenLines(lines(found)));
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
  const { file, name, kind, runnable, predictors } = program;
  const what = kind === 'module' ? 'program' : 'predictor';
  const note = runnable
    ? ''
    : '  (cannot be run as it is: not visible from outside, abstract, without forward, or needs arguments)';
  return [
    `${placeText(program)}  ${what} ${name}${note}`,
    ...predictors.map((each) => {
      return `    ${placeText({ file, ...each })}  ${each.name}${each.signature === null ? '' : `: ${each.signature}`}`;
    }),
  ];
}

function named(what: string, found: FoundName): string {
  return `${placeText(found)}  ${what} ${found.name}`;
}
