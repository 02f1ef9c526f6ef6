/** A step that reflects: its LM, and no other, is shown the program's code, and no row that stands in it. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeCall, FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { dspyPython } from './dspyPython.ts';
import { studentAnswer, Workspace } from './workspace.ts';

const python = `import dspy

API_KEY = 'a made-up key'
ROWS = [{'question': 'a row of the file', 'answer': 'b'}]


class Hint(dspy.Signature):
    """Give a hint."""

    question: str = dspy.InputField()
    hint: str = dspy.OutputField()


class Two(dspy.Module):
    demos = [dspy.Example(question='a row of the class', answer='b')]

    def __init__(self):
        super().__init__()
        self.hint = dspy.Predict(Hint)
        self.answer = dspy.Predict('question, hint -> answer')
        self.client = dict(api_key='a made-up key')

    def forward(self, question):
        return self.answer(question=question, hint=self.hint(question=question).hint)


def metric(example, prediction, trace=None):
    return example.answer == prediction.answer
`;

const typescript = `import { Module, Predict, signature } from 'bettertogether';

const apiKey = 'a made-up key';
export const rows = [{ question: 'a row of the file', answer: 'b' }];
const Hint = signature('question -> hint', { instructions: 'Give a hint.' });

export class Two extends Module {
  demos = [{ question: 'a row of the class', answer: 'b' }];
  hint = new Predict(Hint);
  answer = new Predict('question, hint -> answer');
  client = { apiKey: 'a made-up key', same: apiKey };

  async forward({ question }: { question: string }) {
    const { hint } = await this.hint({ question });
    return this.answer({ question, hint });
  }
}

export const metric = (example: { answer: string }, prediction: { answer: string }) => example.answer === prediction.answer;
`;

const isReflection = ({ prompt }: FakeCall): boolean => prompt.includes('# What to do');
const answer = (call: FakeCall): string =>
  isReflection(call) ? '```\nAnswer with what the hint says.\n```' : studentAnswer(call);

describe('the code of a program', () => {
  let fake: FakeEndpoint;
  let workspace: Workspace;
  let interpreter: string;
  beforeAll(() => {
    interpreter = dspyPython();
  });
  beforeEach(async () => {
    fake = await startFakeEndpoint({ answer });
  });
  afterEach(() => {
    workspace.dispose();
    return fake.close();
  });

  it.each([
    ['program.py', python, ['class Two(dspy.Module):', 'class Hint(dspy.Signature):', 'demos = [...]']],
    ['program.ts', typescript, ['export class Two extends Module {', "const Hint = signature('", 'demos = [...];']],
  ])('in %s is in what the proposer is asked, without rows and keys', async (file, source, shown) => {
    const settings = { program: `${file}#Two`, metric: `${file}#metric`, steps: { look: { kind: 'gepa', ...small } } };
    workspace = new Workspace({ baseURL: fake.baseURL, strategy: 'look', settings });
    workspace.write(file, source);
    const run = await workspace.run(['optimize', 'two', '--yes'], { BETTERTOGETHER_PYTHON: interpreter });
    expect(run.code, run.stderr).toBe(0);
    const reflections = fake.calls.filter(isReflection);
    expect(reflections.length).toBeGreaterThan(0);
    for (const { prompt } of reflections) {
      for (const each of shown) expect(prompt).toContain(each);
      expect(prompt).not.toMatch(/a row of the|made-up|ROWS/);
    }
    for (const { prompt } of fake.calls.filter((call) => !isReflection(call)))
      expect(prompt).not.toContain('class Two');
  });
});

const small = { rollouts: 30, train: 6, validation: 6 };
