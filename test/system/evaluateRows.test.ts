/** Chosen rows and kept traces of `evaluate`, as the Test Explorer uses them, through the command line. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EvaluationTraces } from '../../src/page/evaluationTraces.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { lastJson, studentAnswer, Workspace } from './workspace.ts';

interface Evaluation {
  readonly n: number;
  readonly score: number;
  readonly usage: { readonly calls: number };
  readonly rows: readonly { readonly example: number }[];
  readonly sources: Readonly<Record<string, string>>;
}

describe('evaluate', () => {
  let fake: FakeEndpoint;
  let workspace: Workspace;
  beforeAll(async () => {
    fake = await startFakeEndpoint({ answer: studentAnswer });
    workspace = new Workspace({ baseURL: fake.baseURL });
  });
  afterAll(async () => {
    workspace?.dispose();
    await fake?.close();
  });

  const evaluate = (...args: readonly string[]) => workspace.run(['evaluate', 'two', '--yes', '--json', ...args]);

  it('measures the rows that are named alone, and keeps their traces also where they are remembered', async () => {
    const first = lastJson<Evaluation>(await evaluate('--rows', '2,4-5', '--traces', 'a'));
    expect(first.n).toBe(3);
    expect(first.rows.map(({ example }) => example)).toEqual([1, 3, 4]);
    expect(Object.keys(first.sources)).toEqual([join(workspace.folder, 'program.ts')]);
    const again = lastJson<Evaluation>(await evaluate('--rows', '4-5', '--traces', 'b'));
    expect(again).toMatchObject({ n: 2, score: 50, usage: { calls: 0 } });
    const traces = new EvaluationTraces(join(workspace.folder, 'b'), workspace.folder);
    const records = await traces.next();
    expect(records.map(({ example, outcome }) => [example, outcome.score]).sort()).toEqual([
      [3, 1],
      [4, 0],
    ]);
    expect(await traces.next()).toEqual([]);
    const inputs = { question: 'dev 4' };
    const text = await traces.text(4, { id: 4, inputs, fields: { ...inputs, answer: 'a dev 4' } });
    expect(text).toMatch(/^Row 5 of dev: score 0, /);
    expect(text).toContain('Labels\n------\nanswer: a dev 4');
    expect(text).toContain('Call 2 of 2: answer, ');
    // The prompt as it was sent, and what came back.
    expect(text).toContain('[[ ## question ## ]]\ndev 4');
    expect(text).toContain('[answer]\n[[ ## answer ## ]]\nno idea');
    await expect(traces.text(1, undefined)).rejects.toThrow('There is no trace of row 2');
  });

  it('names a row that the split has not, and writes into no folder that holds something', async () => {
    const gone = await evaluate('--rows', '3,99');
    expect(gone).toMatchObject({ code: 2 });
    expect(gone.stderr).toContain('"two" has no row 99 among its 15 dev rows.');
    const full = await evaluate('--traces', '.');
    expect(full).toMatchObject({ code: 2 });
    expect(full.stderr).toContain('it is not empty');
  });
});
