/** Data that code builds, and builds anew each time: a run is made of the rows that it began with. */
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { resultSchema } from '../../src/protocol.ts';
import { createRun } from '../../src/run/record/createRun.ts';
import { findRun } from '../../src/run/record/runFolder.ts';
import { readManifest } from '../../src/run/record/manifest.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { dspyPython } from './dspyPython.ts';
import { lastJson, studentAnswer, Workspace } from './workspace.ts';

const unseeded = `import random

rows = [{'question': f'train {i}', 'answer': f'a train {i}'} for i in range(40)]
random.shuffle(rows)
train = rows
`;

let python: string;
let fake: FakeEndpoint;
let workspace: Workspace;
const run = (args: readonly string[]) => workspace.run(args, { BETTERTOGETHER_PYTHON: python });
const optimize = ['optimize', 'two', '--strategy', 'p', '--yes', '--json'];

beforeAll(() => {
  python = dspyPython();
});
beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: studentAnswer });
  workspace = new Workspace({ baseURL: fake.baseURL, settings: { train: 'data.py#train' } });
  workspace.write('data.py', unseeded);
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

it('unseeded: a run goes through, and resume says what to do', async () => {
  const whole = await run(optimize);
  expect(whole.stderr + String(whole.code)).toMatch(/0$/);
  expect(resultSchema.parse(lastJson(whole)).final).toBe('p');
  // Other rows, so this run has something to pay for.
  const stopped = await run([...optimize, '--seed', '7', '--budget-calls', '20']);
  expect(stopped.code, stopped.stderr).toBe(3);
  const resumed = await run(['resume', 'latest', '--budget-calls', '5000']);
  expect(resumed.code).toBe(2);
  expect(resumed.stderr).toContain('data.py#train, the code gives other rows each time: seed it.');
});

const drawn = `import random

class Card:
    def __init__(self, number):
        self.number = number

    def __str__(self):
        return str(self.number)

train = [{'question': f'train {i}', 'answer': f'a train {i}', 'card': Card(i)} for i in range(40)]
train[2]['card'] = Card(random.random())
`;

it('unseeded, with objects that every process makes anew: the run ends at once, with the row', async () => {
  workspace.dispose();
  const settings = { train: 'data.py#train', program: 'program.py#ask', metric: 'exactMatch:answer' };
  workspace = new Workspace({ baseURL: fake.baseURL, settings });
  workspace.write('program.py', "import dspy\nask = dspy.Predict('question -> answer')\n");
  workspace.write('data.py', drawn);
  const ended = await run(optimize);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toContain('data.py#train gave other rows when it was loaded a second time: row 3 of the run');
  expect(ended.stderr).toContain('a fixed seed in place of random numbers');
  expect(fake.calls).toEqual([]);
});

it('TypeScript builds the rows of a run, and those of another split come from a file', async () => {
  workspace.dispose();
  const settings = { train: 'rows.ts#train', dev: 'rows.ts#loadDev', test: 'test.jsonl' };
  workspace = new Workspace({ baseURL: fake.baseURL, settings });
  workspace.write(
    'rows.ts',
    `const rows = (split: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ question: \`\${split} \${i}\`, answer: \`a \${split} \${i}\` }));
export const train = rows('train', 40);
export const loadDev = async () => Promise.resolve(rows('dev', Number('15')));
`,
  );
  const found = lastJson<{ datasets: unknown[] }>(await run(['detect', '--json']));
  expect(found.datasets).toEqual([
    { file: 'rows.ts', line: 3, name: 'train' },
    { file: 'rows.ts', line: 4, name: 'loadDev' },
  ]);
  const whole = await run([...optimize, '--budget-calls', '6']);
  expect(whole.code, whole.stderr).toBe(3);
  const resumed = await run(['resume', 'latest', '--budget-calls', '5000', '--json']);
  expect(resumed.stderr + String(resumed.code)).toMatch(/0$/);
  expect(resultSchema.parse(lastJson(resumed)).scores['']).toMatchObject({ dev: 33.33 });
  const { data } = await readManifest((await findRun(workspace.folder, 'latest')).folder);
  expect(data.train.file).toMatch(/rows\.ts#train$/);
});

it('a run that another process made, as the editor does, begins with the rows of its first session', async () => {
  const first = await run([...optimize, '--budget-calls', '6']);
  expect(first.code, first.stderr).toBe(3);
  const { asked, data } = await readManifest((await findRun(workspace.folder, 'latest')).folder);
  const unbegun = await createRun(workspace.folder, asked, data, [], new Date(Date.now() + 2000));
  const begun = await run(['resume', unbegun.id, '--budget-calls', '5000', '--json']);
  expect(begun.stderr + String(begun.code)).toMatch(/0$/);
  expect((await readManifest(unbegun.folder)).data.train.sha256).not.toBe(data.train.sha256);
});
