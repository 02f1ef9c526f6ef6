import { PassThrough } from 'node:stream';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { afterEach, describe, expect, it } from 'vitest';
import type { CompileRun, EvaluationFinished, EvaluationStarted } from '../../../src/engine/teleprompter.ts';
import { listenToCompile } from '../../../src/host/compileReports.ts';

const streams = new PassThrough();
let close: () => void = () => undefined;
afterEach(() => {
  close();
});

/** Sends messages as a host does; resolves when all have been handled. */
async function heard(...messages: readonly (readonly [string, unknown])[]) {
  const [toRun, toHost] = [new PassThrough(), streams];
  const run = createMessageConnection(new StreamMessageReader(toRun), new StreamMessageWriter(toHost));
  const host = createMessageConnection(new StreamMessageReader(new PassThrough()), new StreamMessageWriter(toRun));
  close = () => {
    run.dispose();
    host.dispose();
  };
  const told: (EvaluationStarted | EvaluationFinished | CompileRun)[] = [];
  const broken: string[] = [];
  listenToCompile(run, {
    evaluationStarted: (started) => void told.push(started),
    evaluationFinished: (finished) => void told.push(finished),
    ran: (each) => void told.push(each),
    broken: (error) => void broken.push((error as Error).message),
  });
  const over = new Promise<void>((resolve) => {
    run.onNotification('over', resolve);
  });
  run.listen();
  host.listen();
  for (const [method, params] of messages) await host.sendNotification(method, params);
  await host.sendNotification('over');
  await over;
  return { told, broken };
}

const stateOf = (instructions: string) => ({ predictors: { a: { instructions, demos: [], model: 'base' } } });
const outcome = { prediction: { answer: 'a' }, score: 1, trace: [], seconds: 0.1 };

describe('what a host reports while it compiles', () => {
  it('comes with the states that it names', async () => {
    const { told, broken } = await heard(
      ['teleprompter/state', { key: 0, state: stateOf('One.') }],
      ['teleprompter/state', { key: 1, state: stateOf('Two.') }],
      ['teleprompter/evaluationStarted', { evaluation: 0, state: 1, of: 2 }],
      ['teleprompter/ran', { evaluation: 0, row: 5, state: 1, outcome }],
      ['teleprompter/ran', { evaluation: null, row: 6, state: 0, outcome }],
      ['teleprompter/evaluationFinished', { evaluation: 0, mean: 0.5, scored: 2, failed: 0 }],
    );
    expect(broken).toEqual([]);
    expect(told).toEqual([
      { evaluation: 0, state: stateOf('Two.'), of: 2 },
      { evaluation: 0, row: 5, state: stateOf('Two.'), outcome },
      { evaluation: null, row: 6, state: stateOf('One.'), outcome },
      { evaluation: 0, mean: 0.5, scored: 2, failed: 0 },
    ]);
  });

  it('is refused where it is not what the protocol says', async () => {
    const { told, broken } = await heard(
      ['teleprompter/evaluationStarted', { evaluation: 0, state: 7, of: 2 }],
      ['teleprompter/ran', { evaluation: 0, row: 'first', state: 0, outcome }],
      ['teleprompter/state', { key: 0 }],
    );
    expect(told).toEqual([]);
    expect(broken).toEqual([
      'The program host reports state 7, which it did not send.',
      expect.stringContaining('a program run that is none'),
      expect.stringContaining('a state that is none'),
    ]);
  });
});
