import { expect, it } from 'vitest';
import { knowKey } from '../../../src/base/keys.ts';
import type { Example } from '../../../src/data/program.ts';
import type { CompileRun } from '../../../src/engine/teleprompter.ts';
import { quietTeleprompter } from '../../../src/run/services/teleprompters.ts';
import { fakeTeleprompter } from '../engine/fakeTeleprompter.ts';

const key = 'sk-own-0123456789abcdef0123456789abcdef';

it('tells no key of what it cannot hold, nor of what went wrong in a program run', async () => {
  knowKey(key);
  const row: Example = { id: 3, inputs: {}, fields: {} };
  const failing = fakeTeleprompter(
    (request, { work }) => {
      const error = { kind: 'program', message: `401 for ${key}` } as const;
      const outcome = { prediction: null, score: 0, error, trace: [], seconds: 0 };
      work.ran({ evaluation: null, row: row.id, state: request.state, outcome });
      return Promise.resolve(request.state);
    },
    { lost: [`The LM of "answer" has the key ${key}.`] },
  );
  const ran: CompileRun[] = [];
  const nothing = (): void => undefined;
  const state = { predictors: {} };
  const compiled = await quietTeleprompter(failing).compile(
    { state, train: [row], validation: [], arguments: {}, seed: 0, threads: 1 },
    {
      complete: () => Promise.reject(new Error('No LM is here.')),
      ...{ evaluationStarted: nothing, evaluationFinished: nothing },
      ran: (run) => void ran.push(run),
    },
    new AbortController().signal,
  );
  expect(compiled).toMatchObject({ state, lost: ['The LM of "answer" has the key ***.'] });
  expect(ran.map(({ row: place, outcome }) => [place, outcome.error?.message])).toEqual([[3, '401 for ***']]);
});
