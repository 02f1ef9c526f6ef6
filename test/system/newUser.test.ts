/** What somebody reads who runs the command line for the first time, and whose metric, cap or price is wrong. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { studentAnswer, Workspace } from './workspace.ts';

/** Throws on rows that end in 4; the others as they are. */
const picky = `import { Module, Predict } from 'bettertogether';

export class Two extends Module {
  answer = new Predict('question -> answer');

  async forward({ question }: { question: string }) {
    return this.answer({ question });
  }
}

export const metric = (example: { question: string; answer: string }, prediction: { answer: string }) => {
  if (example.question.endsWith('4')) throw new Error('no 4s');
  return example.answer === prediction.answer;
};
`;

let fake: FakeEndpoint;
let workspace: Workspace;

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: studentAnswer, latencyMs: 2 });
  const endpoint = { prices: { bse: { input: 1, output: 2 } } };
  workspace = new Workspace({ baseURL: fake.baseURL, program: picky, strategy: 'p', endpoint, settings: { seed: 1 } });
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

/** Calls that the rows of a table say, and calls that the run says it paid for. */
function callsOf(text: string): { readonly rows: number; readonly all: number } {
  const [table = ''] = text.slice(text.lastIndexOf('\nstep ') + 1).split('\n\n');
  const [head = '', ...rows] = table.split('\n');
  // Numbers are aligned to the right: a column ends where its name ends.
  const end = head.indexOf('calls') + 'calls'.length;
  const calls = rows.map((row) => Number(/([\d,]+)$/.exec(row.slice(0, end))?.[1]?.replace(',', '') ?? 0));
  const all = /([\d,]+) calls paid for/.exec(text)?.[1] ?? 'none';
  return { rows: calls.reduce((sum, each) => sum + each, 0), all: Number(all.replace(',', '')) };
}

it('tells before a run which price and which cap do not do, and the same at its start', async () => {
  const capped = ['--budget-calls', '40', '--yes'];
  const planned = await workspace.run(['optimize', 'two', '--dry-run', ...capped]);
  expect(planned.code, planned.stderr).toBe(0);
  const cap = /The cap is 40 calls: the run would stop in p\. Raise it to (\d+) \(--budget-calls, /;
  const [, most] = cap.exec(planned.stdout) ?? [];
  const price = 'No price for "base": set endpoints.fake.prices (there: bse).';
  expect(planned.stdout).toContain(price);
  const stopped = await workspace.run(['optimize', 'two', ...capped]);
  expect(stopped.code).toBe(3);
  expect(stopped.stderr).toMatch(/in all about [\d,]+ calls \(at most [\d,]+\)/);
  expect(stopped.stderr).toMatch(cap);
  expect(stopped.stderr).toContain(price);
  expect(stopped.stderr).toContain('40 of 40 calls are spent. Raise the cap');
  const enough = await workspace.run(['resume', 'latest', '--budget-calls', most!]);
  expect(enough.code, enough.stderr).toBe(0);
});

it('says why rows failed, names the state it began with, and adds up after a stop', async () => {
  const stopped = await workspace.run(['optimize', 'two', '--budget-calls', '40', '--yes']);
  expect(stopped.code).toBe(3);
  const resumed = await workspace.run(['resume', 'latest', '--budget-calls', '2000']);
  expect(resumed.code, resumed.stderr).toBe(0);
  const { rows, all } = callsOf(resumed.stdout);
  expect(rows).toBe(all);
  expect(all).toBe(fake.counters.answered);
  const shown = await workspace.run(['show', 'latest']);
  const table = resumed.stdout.slice(resumed.stdout.indexOf('step '));
  expect(shown.stdout.endsWith(table), shown.stdout).toBe(true);
  // Dev rows 4 and 14 of 15, test row 4 of 12.
  expect(table).toContain('baseline: 2 of 15 dev rows failed; the first, row 5: metric: no 4s (program.ts:12)');
  expect(table).toContain('p: 1 of 12 test rows failed; the first, row 5: metric: no 4s (program.ts:12)');
  const failures = await workspace.run(['show', 'latest', '--failures', '--json']);
  const { failures: listed } = JSON.parse(failures.stdout) as { failures: { step: string; purpose: string }[] };
  expect(listed.filter(({ step, purpose }) => step === '' && purpose === 'dev')).toHaveLength(2);

  await workspace.run(['export', 'latest', '--out', 'p.json']);
  const again = await workspace.run(['optimize', 'two', '--from', 'p.json', '--yes']);
  expect(again.code, again.stderr).toBe(0);
  expect(again.stderr).toMatch(/seed 1, from p\.json\n/);
  expect(again.stdout).toMatch(/^start +/m);
  expect(again.stdout).not.toContain('baseline:');
});
