/** scripts/data.mjs on original files of a few rows, without the network. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PythonRandom } from '../../../src/engine/pythonRandom.ts';

const script = new URL('../../../scripts/data.mjs', import.meta.url).href;
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bettertogether-data-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs an expression with the script's exports in scope; what it gives, as JSON. */
function inScript<T>(expression: string): T {
  const code = `import * as data from ${JSON.stringify(script)}; console.log(JSON.stringify(await (${expression})));`;
  const made = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  return JSON.parse(made.stdout) as T;
}

interface Splits {
  readonly train: readonly Readonly<Record<string, unknown>>[];
  readonly dev: readonly Readonly<Record<string, unknown>>[];
  readonly test: readonly Readonly<Record<string, unknown>>[];
}
const splits = (name: string) =>
  inScript<Splits>(`data.makeSplits(${JSON.stringify(name)}, ${JSON.stringify(folder)})`);

describe('the full splits', () => {
  it('of GSM8K: question, reasoning and the number behind ####, in an order of their own', () => {
    const lines = (split: string, count: number) =>
      Array.from({ length: count }, (_, i) =>
        JSON.stringify({ question: `${split} ${i}?`, answer: `It is <<1+1=2>>2.\n#### 1,${100 + i}` }),
      ).join('\n');
    writeFileSync(join(folder, 'train.jsonl'), lines('train', 1600));
    writeFileSync(join(folder, 'test.jsonl'), lines('test', 5));
    const { train, dev, test } = splits('gsm8k');
    expect([train.length, dev.length, test.length]).toEqual([1000, 500, 5]);
    expect(test[2]).toEqual({ question: 'test 2?', gold_reasoning: 'It is <<1+1=2>>2.', answer: '1102' });
    const order = [...train, ...dev].map(({ question }) => question);
    expect(new Set(order).size).toBe(1500);
    expect(order.slice(0, 5)).not.toEqual([0, 1, 2, 3, 4].map((i) => `train ${i}?`));
    expect(splits('gsm8k').train).toEqual(train);
  });

  it('of Iris: 50, 50 and 50', () => {
    const line = (i: number) => `5.${i % 10},3.${i % 7},1.${i % 5},0.${i % 3},Iris-${['setosa', 'virginica'][i % 2]}`;
    writeFileSync(join(folder, 'iris.data'), `${Array.from({ length: 150 }, (_, i) => line(i)).join('\n')}\n\n`);
    const { train, dev, test } = splits('iris');
    expect([train.length, dev.length, test.length]).toEqual([50, 50, 50]);
    expect(Object.keys(train[0]!)).toEqual(['petal_length', 'petal_width', 'sepal_length', 'sepal_width', 'answer']);
    expect(new Set(train.map(({ answer }) => answer))).toEqual(new Set(['setosa', 'virginica']));
  });

  it('of HotPotQA: hard questions for train and dev, the titles of the gold passages', () => {
    const row = (i: number) => ({
      _id: String(i),
      question: `which "}{" \\ ${i}?`,
      answer: 'é',
      type: 'bridge',
      level: i % 2 === 0 ? 'hard' : 'easy',
      supporting_facts: [
        ['B', 0],
        ['A', 1],
        ['B', 2],
      ],
      context: [['A', ['{', '"']]],
    });
    writeFileSync(join(folder, 'hotpot_train_v1.1.json'), JSON.stringify(Array.from({ length: 12 }, (_, i) => row(i))));
    writeFileSync(join(folder, 'hotpot_dev_fullwiki_v1.json'), JSON.stringify([row(20), row(21)], null, 1));
    const { train, test } = splits('hotpotqa');
    expect(train).toHaveLength(6);
    expect(train.every(({ level }) => level === 'hard')).toBe(true);
    expect(train[0]).toMatchObject({ answer: 'é', gold_titles: ['A', 'B'] });
    expect(test).toHaveLength(2);
  });

  it('says what to do without the original files', () => {
    rmSync(join(folder, 'iris.data'));
    expect(() => splits('iris')).toThrow(/iris\.data does not exist\. It is https:/);
  });
});

describe('an array longer than a string can be', () => {
  it('is read object by object, wherever its pieces are cut', () => {
    const rows = [{ a: '}{"\\' }, { b: [{ c: 'é«' }], d: '' }, {}];
    const bytes = [...Buffer.from(JSON.stringify(rows, null, 1))];
    const random = new PythonRandom(3);
    const cutAnew = () => {
      const cuts = [0, ...Array.from({ length: 4 }, () => random.randint(0, bytes.length)), bytes.length];
      cuts.sort((x, y) => x - y);
      return cuts.slice(1).map((end, i) => bytes.slice(cuts[i], end));
    };
    const ways = Array.from({ length: 20 }, cutAnew);
    const read = inScript<unknown[]>(`Promise.all(${JSON.stringify(ways)}.map(async (pieces) => {
      const all = [];
      for await (const one of data.objectsIn(pieces.map((piece) => Buffer.from(piece)))) all.push(one);
      return all;
    }))`);
    expect(read).toEqual(ways.map(() => rows));
  });
});
