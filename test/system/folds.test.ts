/** A prompt search with folds, from the command line: each row of train is chosen on, with no answer of its own in sight. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resultSchema } from '../../src/protocol.ts';
import type { FakeCall, FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { lastJson, studentAnswer, Workspace } from './workspace.ts';

const limits = { candidates: 2, maxBootstrappedDemos: 2, maxLabeledDemos: 2 };
const begun: Workspace[] = [];
let fake: FakeEndpoint;

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: studentAnswer });
});
afterEach(async () => {
  for (const workspace of begun.splice(0)) workspace.dispose();
  await fake.close();
});

function workspaceWith(p: Readonly<Record<string, unknown>>): Workspace {
  const workspace = new Workspace({ baseURL: fake.baseURL, strategy: 'p', settings: { p } });
  begun.push(workspace);
  return workspace;
}

const questionsIn = (text: string) => [...text.matchAll(/train \d+(?!\d)/g)].map(([question]) => question);

/** Rows of train that are asked, and those that demos before them show. */
function rowsOf({ messages }: FakeCall) {
  const [shown, asked] = [messages.slice(0, -1), messages.slice(-1)].map((part) =>
    questionsIn(part.map(({ content }) => content).join('\n')),
  );
  return { shown: shown!, asked: asked! };
}

describe('p with folds', () => {
  it('chooses on every row of train, none of them with itself as a demo, and is free when it is run again', async () => {
    const workspace = workspaceWith({ ...limits, folds: 5 });
    const run = await workspace.run(['optimize', 'two', '--yes', '--json']);
    expect(run.stderr + String(run.code)).toMatch(/0$/);
    const calls = fake.calls.map(rowsOf).filter(({ asked }) => asked.length > 0);
    expect(new Set(calls.flatMap(({ asked }) => asked)).size).toBe(40);
    expect(calls.some(({ shown }) => shown.length > 0)).toBe(true);
    for (const { shown, asked } of calls) expect(shown).not.toContain(asked[0]);
    fake.reset();
    const again = resultSchema.parse(lastJson(await workspace.run(['optimize', 'two', '--yes', '--json'])));
    expect([again.usage.calls, fake.counters.completions]).toEqual([0, 0]);
    expect(again.state).toEqual(resultSchema.parse(lastJson(run)).state);
  });

  it('is refused with sizes besides, and with more folds than rows, before a call is made', async () => {
    const refused = async (p: Readonly<Record<string, unknown>>) => {
      const { code, stderr } = await workspaceWith(p).run(['optimize', 'two', '--yes']);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refused({ folds: 5, train: 12 })).toMatch(/"p\.folds" \(5\)[^]*"p\.train" \(12\)/);
    expect(await refused({ folds: 41 })).toContain('"p.folds" (41) needs at least 41 training rows');
    expect(await refused({ folds: 1 })).toContain('p.folds');
    expect(fake.counters.completions).toBe(0);
  });
});
