/** Metrics that give words, as GEPA's do, through the command line: what is said of each row stands where its score does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { dspyPython, two } from './dspyPython.ts';
import { lastJson, studentAnswer, Workspace, twoInTypeScript } from './workspace.ts';

const python = `${two}

def gepa(gold, pred, trace, pred_name, pred_trace):
    assert trace is None and pred_name is None and pred_trace is None
    score = float(gold.answer == pred.answer)
    if gold.question == 'dev 0':
        raise ValueError('not this row')
    words = 'Right.' if score else f'The answer is {gold.answer}.'
    return dspy.Prediction(score=score, feedback=words, objective_scores={'exact': score})
`;

const typescript = `import type { Metric } from 'bettertogether';
${twoInTypeScript}
export const gepa: Metric = (example, prediction, trace, predictor, calls) => {
  if (trace !== undefined || predictor !== undefined || calls !== undefined) throw new Error('asked about a predictor');
  if (example.question === 'dev 0') throw new Error('not this row');
  const score = example.answer === prediction.answer;
  return { score, feedback: score ? 'Right.' : \`The answer is \${example.answer}.\` };
};
`;

interface Evaluation {
  readonly n: number;
  readonly failures: readonly { readonly example: number }[];
  readonly rows: readonly { readonly example: number; readonly score: number; readonly feedback?: string }[];
}

describe('a metric with five arguments and words', () => {
  let fake: FakeEndpoint;
  beforeAll(async () => {
    fake = await startFakeEndpoint({ answer: studentAnswer });
  });
  afterAll(() => fake.close());

  it.each([
    ['python', 'program.py', python],
    ['typescript', 'program.ts', typescript],
  ])('in %s measures a program, and its words are listed with the scores', async (_language, file, source) => {
    const settings = { program: `${file}#Two`, metric: `${file}#gepa` };
    const workspace = new Workspace({ baseURL: fake.baseURL, settings });
    try {
      workspace.write(file, source);
      const run = await workspace.run(['evaluate', 'two', '--yes', '--json'], { BETTERTOGETHER_PYTHON: dspyPython() });
      expect(run.code, run.stderr).toBe(0);
      const { n, rows, failures } = lastJson<Evaluation>(run);
      expect(rows.map(({ example }) => example)).toEqual(Array.from({ length: n }, (_, example) => example));
      expect(failures.map(({ example }) => example)).toEqual([0]);
      expect(rows[0]).toEqual({ example: 0, score: 0 });
      const said = rows.slice(1).map(({ feedback }) => feedback);
      const expected = rows
        .slice(1)
        .map(({ example, score }) => (score === 1 ? 'Right.' : `The answer is a dev ${example}.`));
      expect(said).toEqual(expected);
      expect(new Set(rows.map(({ score }) => score))).toEqual(new Set([0, 1]));
    } finally {
      workspace.dispose();
    }
  });
});
