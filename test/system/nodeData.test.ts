/** Data sets that TypeScript and JavaScript build, made by the Node host. What Python builds: python/host/tests/test_data.py. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.ts';
import { readNodeData } from '../../src/host/builtData.ts';
import type { Bundles } from './bundle.ts';
import { bundleHost } from './bundle.ts';
import { makeWorkspace } from './hostTools.ts';
import type { Workspace } from './hostTools.ts';

const source = `import { Predict } from 'bettertogether';
import { answerOf } from './answers.ts';

console.log('noise');
interface Row {
  readonly question: string;
  readonly card?: { readonly title: string };
  readonly answer: number;
}
export const train: readonly Row[] = [0, 1].map((i) => ({ question: \`q\${i}\`, card: { title: 'T' }, answer: answerOf(i) }));
export const made = () => train;
export async function later(count = 1) {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return train.slice(0, count);
}
export const promised = later();
export function* generated() {
  yield* train;
}
export async function* streamed() {
  for (const row of train) yield await Promise.resolve(row);
}
export const dated = new Set([{ day: new Date(0), id: 2n ** 64n, small: 3n, nothing: undefined }]);
export default train;

export const number = 3;
export const text = 'rows';
export const byName = new Map([['a', train[0]]]);
export const mixed = [train[0], 4];
export const nested = [train];
export const tool = [{ run: () => 'nothing' }];
export class Rows {}
export const ask = new Predict('question -> answer');
export function broken() {
  return train[7]!.question.length;
}
export function* breaks() {
  yield train[0];
  throw new TypeError('no more');
}
export const asks = async () => [await ask({ question: 'Make rows.' })];
export function exits(): never {
  process.exit(3);
}
export function endless(): never {
  for (;;);
}
export const bySplit = async () => ({ train, dev: train.slice(0, 1), 'eval-2': new Set(train) });
export const pair = () => [train, train.slice(0, 1)] as const;
export const triple = [train, train, []];
export const parts = () => [1, 2, 3, 4].map(() => train);
export const mapOfSplits = new Map([['dev', train]]);
export const withVersion = () => ({ trainset: train, version: 3 });
export const forgets = () => {
  train.slice(0, 1);
};
export const byId = () => ({ a: train[0], b: train[1] });
export const oneRow = train[0];
export const ofSplit = (split: 'train' | 'dev') => ({ train, dev: train })[split].slice(0);
export const twice = () => () => train;
export const rowsWithLists = [{ passages: [{ text: 'p' }], answer: 'a' }];
export const killed = () => process.kill(process.pid, 'SIGKILL');
`;

let bundles: Bundles;
let workspace: Workspace;
const printed: string[] = [];

beforeAll(async () => {
  bundles = await bundleHost();
  workspace = makeWorkspace();
  workspace.write('data/rows.ts', source);
  workspace.write('data/answers.ts', 'export const answerOf = (i: number) => i;\n');
  workspace.write('plain.cjs', "module.exports = { dev: [{ question: 'q', answer: 'a' }] };\n");
  workspace.write('awaits.mjs', "export const dev = await Promise.resolve([{ question: 'q', answer: 'a' }]);\n");
});
afterAll(() => {
  workspace.dispose();
  bundles.dispose();
});

const read = (datasets: readonly string[], seconds = 60) =>
  readNodeData({
    workspace: workspace.folder,
    datasets,
    entry: bundles.host,
    sdkPath: bundles.sdk,
    seconds,
    onPrint: (text) => void printed.push(text),
  });
const inRows = (...names: readonly string[]) => names.map((name) => `data/rows.ts#${name}`);

describe('data sets built in TypeScript', () => {
  it('arrays, functions, promises and generators', async () => {
    const rows = [0, 1].map((i) => ({ fields: { question: `q${i}`, card: { title: 'T' }, answer: i } }));
    const whole = ['train', 'made', 'generated', 'streamed', 'default'];
    expect(await read(inRows(...whole, 'later', 'promised'))).toEqual([
      ...whole.map(() => rows),
      rows.slice(0, 1),
      rows.slice(0, 1),
    ]);
    expect(printed.join('')).toContain('noise');
  });

  it('rows keep what JSON does not know, and leave out what is undefined', async () => {
    const day = { $exact: 'datetime', value: '1970-01-01T00:00:00.000+00:00', shown: '1970-01-01T00:00:00.000Z' };
    const id = { $exact: 'int', value: '18446744073709551616' };
    const small = { $exact: 'int', value: '3', shown: 3 };
    expect(await read(inRows('dated'))).toEqual([[{ fields: { day, id, small } }]]);
  });

  it('takes lists within rows for what they are', async () => {
    expect(await read(inRows('rowsWithLists'))).toEqual([[{ fields: { passages: [{ text: 'p' }], answer: 'a' } }]]);
  });

  it('of JavaScript, and of modules that await', async () => {
    const rows = [{ fields: { question: 'q', answer: 'a' } }];
    expect(await read(['plain.cjs#dev', 'awaits.mjs#dev'])).toEqual([rows, rows]);
  });

  it.each([
    ['number', /rows\.ts#number is a number\. A data set is an array of objects, or a function that takes nothing/],
    ['text', /is a string\. A data set/],
    [
      'byName',
      'is a map. A data set is an array of objects, or a function that takes nothing and returns one. Of rows by name, make a list: `export const trainRows = async () => [...(await byName).values()];`.',
    ],
    ['Rows', /is a class\. A data set/],
    ['ask', /is a function\. A data set/],
    [
      'forgets',
      'data/rows.ts#forgets returned undefined. A data set is an array of objects, or a function that takes nothing and returns one. It returns nothing: a `return` is missing.',
    ],
    ['byId', 'Of rows by name, make a list: `export const trainRows = async () => Object.values((await byId()));`.'],
    [
      'oneRow',
      'is an object. A data set is an array of objects, or a function that takes nothing and returns one. One row goes into a list.',
    ],
    [
      'ofSplit',
      'It has 1 parameter, and is called with no arguments: write one function per split, such as `export const trainRows = () => ofSplit(…);`.',
    ],
    ['twice', 'returned a function. A data set'],
    [
      'bySplit',
      'data/rows.ts#bySplit returned an object of 3 data sets: \'train\' (2 rows), \'dev\' (1 row), \'eval-2\'. A data set is one list of rows: write one function per split in rows.ts, `export const trainRows = async () => (await bySplit()).train;`, `export const dev = async () => (await bySplit()).dev;`, `export const part3 = async () => (await bySplit())["eval-2"];` and name each where it belongs: "…#trainRows" in the place of "…#bySplit".',
    ],
    [
      'pair',
      'returned a list of 2 data sets: 2 rows, 1 row. A data set is one list of rows: write one function per split in rows.ts, `export const trainRows = async () => (await pair())[0];`, `export const dev = async () => (await pair())[1];` and name',
    ],
    ['triple', 'is a list of 3 data sets: 2 rows, 2 rows, 0 rows. '],
    ['parts', 'returned a list of 4 data sets: 2 rows, 2 rows, 2 rows and 1 more. '],
    [
      'mapOfSplits',
      'is a map of 1 data set: \'dev\' (2 rows). A data set is one list of rows: write one function per split in rows.ts, `export const dev = async () => (await mapOfSplits).get("dev");` and',
    ],
    ['withVersion', "returned an object of 1 data set: 'trainset' (2 rows). "],
    ['mixed', /Row 2 of data\/rows\.ts#mixed is a number, which is no object with named fields/],
    ['nested', 'data/rows.ts#nested is a list of 1 data set: 2 rows. '],
    ['tool', /Row 1 of data\/rows\.ts#tool is no data: row\.run is a function/],
    ['asks', /data\/rows\.ts:\d+ asks an LM while it is loaded/],
    ['exits', /process\.exit\(3\)/],
    ['none', /rows\.ts has no export 'none' \("data set": "data\/rows\.ts#none"\)\. It exports: .*\btrain\b/],
  ])('%s: what is no data set is told', async (name, told) => {
    const failed = read(inRows(name));
    await expect(failed).rejects.toThrow(told);
    await expect(failed).rejects.toBeInstanceOf(UsageError);
  });

  it('shows what code printed that ended itself, where it is shown nowhere else', async () => {
    workspace.write('exits.ts', "console.error('Set MY_KEY first.');\nprocess.exit(1);\nexport const train = [];\n");
    const { host: entry, sdk: sdkPath } = bundles;
    const unseen = readNodeData({ workspace: workspace.folder, datasets: ['exits.ts#train'], entry, sdkPath });
    await expect(unseen).rejects.toThrow(/process\.exit\(1\)\.[^]*\nIt printed:\nSet MY_KEY first\.$/);
    const seen = read(['exits.ts#train']);
    await expect(seen).rejects.not.toThrow('It printed');
  });

  it('names the line at which making it failed', async () => {
    const at = (text: string) => `rows.ts:${workspace.lineOf('data/rows.ts', text)}: `;
    await expect(read(inRows('broken'))).rejects.toThrow(`${at('train[7]')}`);
    await expect(read(inRows('breaks'))).rejects.toThrow(`${at('no more')}no more`);
    workspace.write('wrong.ts', 'export const train = [\n{ a: 1 ]\n');
    await expect(read(['wrong.ts#train'])).rejects.toThrow(/wrong\.ts:2: Syntax error/);
    await expect(read(['missing.ts#train'])).rejects.toThrow(/The data set's file .*missing\.ts does not exist/);
  });

  it('ends what never ends, and tells where it was', async () => {
    const line = workspace.lineOf('data/rows.ts', 'for (;;)');
    const told = `Making the data of data/rows.ts#endless took more than 3 seconds and was at ${workspace.folder}/data/rows.ts:${line}.`;
    await expect(read(inRows('endless'), 3)).rejects.toThrow(told);
  });

  it('tells how the process ended', async () => {
    await expect(read(inRows('killed'))).rejects.toThrow(/data\/rows\.ts#killed ended \(signal SIGKILL\)/);
  });
});
