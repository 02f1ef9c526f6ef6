/** `npm run house`: what the code is like in numbers. Tests, docs and what is generated are not counted. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { functionsOf, literalsOf } from './functions.ts';
import { circles, filesIn, houseAt, roomIn } from './imports.ts';

const root = process.cwd();
const longest = 60;
const mostParameters = 5;

const files = ['src', 'webview', 'bench'].flatMap((folder) => filesIn(join(root, folder)));
const sources = files.map((file) =>
  ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true),
);
const lines = sources.map((source) => source.getLineStarts().length).toSorted((a, b) => a - b);
const functions = sources.flatMap((source) =>
  functionsOf(source).map((one) => ({ ...one, file: relative(root, source.fileName) })),
);
const long = functions.filter((one) => one.lines > longest);
const wide = functions.filter((one) => one.parameters > mostParameters);
const src = join(root, 'src');
const house = houseAt(src);
/** Those of the optimizers themselves are theirs to name. */
const lettered = sources.filter(
  (source) =>
    !source.fileName.includes(join('engine', 'optimizers')) && literalsOf(source, new Set(['p', 'w'])).length > 0,
);

say('files', String(files.length));
say('lines', String(lines.reduce((sum, each) => sum + each, 0)));
say('lines a file: median, 9 of 10, most', [0.5, 0.9, 1].map(share).join(', '));
say('functions', String(functions.length));
list(
  `functions over ${longest} lines`,
  long.map((one) => `${one.file}: ${one.name} (${one.lines})`),
);
list(
  `functions of more than ${mostParameters} parameters`,
  wide.map((one) => `${one.file}: ${one.name}`),
);
list(
  'pairs of files in src that go round, types included',
  circles(house, (file) => relative(src, file)),
);
list('pairs of folders in src that go round, types included', circles(house, roomIn(src)));
list(
  'files that name a step by p or w',
  lettered.map((source) => relative(root, source.fileName)),
);

function share(part: number): number {
  return lines[Math.min(lines.length - 1, Math.floor(part * lines.length))]!;
}

function say(measure: string, value: string): void {
  process.stdout.write(`${measure}: ${value}\n`);
}

function list(measure: string, all: readonly string[]): void {
  say(measure, String(all.length));
  for (const one of all) process.stdout.write(`  ${one}\n`);
}
