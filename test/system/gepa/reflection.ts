/** A program of two predictors, a metric that says words, and an LM that knows only what its prompt says: for reflective searches. */
import type { FakeAnswer, FakeCall, FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { python as instructed, student, words } from '../instructed.ts';
import { Workspace, twoInTypeScript } from '../workspace.ts';

export const python = `${instructed}

def gepa(gold, pred, trace=None, pred_name=None, pred_trace=None):
    score = float(gold.answer == pred.answer)
    if pred_name is None:
        return score
    assert [name for name, _, _ in pred_trace] == [pred_name] or len(pred_trace) == 1
    words = {'hint': '${words.hint}', 'answer': '${words.answer}'}[pred_name]
    return dspy.Prediction(score=score, feedback='Well done.' if score else words)
`;

export const typescript = `import type { Metric } from 'bettertogether';
${twoInTypeScript}
const words = ${JSON.stringify(words)};

export const gepa: Metric = (example, prediction, _trace, predictor) => {
  const score = example.answer === prediction.answer ? 1 : 0;
  const feedback = score === 1 ? 'Well done.' : (words[predictor as keyof typeof words] ?? 'Wrong.');
  return { score, feedback };
};

export const bare: Metric = (example, prediction) => example.answer === prediction.answer;
`;

/** Twelve rows to learn from, nine to choose on: of each, a third that the program knows. */
export const search = { kind: 'gepa', train: 12, validation: 9, rollouts: 66 };
export const run = ['optimize', 'two', '--yes', '--json'];

export const isProposal = ({ prompt }: Pick<FakeCall, 'prompt'>): boolean =>
  prompt.includes('# The present instruction of');

/** Adds what the feedback asks for to the instruction, and nothing else: it knows no more than its prompt. */
export function proposed({ prompt }: FakeCall): string {
  const [, instruction = ''] = /# The present instruction[^\n]*\n\n(.*?)\n\n# What happened/s.exec(prompt) ?? [];
  const asked = [...prompt.matchAll(/^Feedback: (.*)$/gm)]
    .map(([, said]) => said!)
    .filter((said) => said !== 'Well done.');
  const missing = asked.find((said) => !instruction.includes(said));
  return `\`\`\`\n${instruction}${missing === undefined ? ` (${prompt.length})` : `\n${missing}`}\n\`\`\``;
}

export const lm: FakeAnswer = (call) => (isProposal(call) ? proposed(call) : student(call));

/** Of `bettertogether.json`. */
export interface Configuration {
  readonly programs: { readonly two: object };
  readonly endpoints: Record<string, object>;
}

export interface Change {
  readonly strategy?: string;
  readonly steps?: Readonly<Record<string, object>>;
  /** Of the program's entry. */
  readonly settings?: object;
  readonly endpoint?: Readonly<Record<string, unknown>>;
}

/** The program in TypeScript, with the metric that says words. */
function workspaceWith(
  baseURL: string,
  { strategy = 'gepa', steps = { gepa: search }, settings, endpoint = {} }: Change = {},
): Workspace {
  const made = new Workspace({
    baseURL,
    strategy,
    endpoint,
    settings: { metric: 'program.ts#gepa', steps, ...settings },
  });
  made.write('program.ts', typescript);
  return made;
}

/** An endpoint and a workspace whose program asks it. */
export class Reflection {
  readonly fake: FakeEndpoint;
  #workspace: Workspace;

  private constructor(fake: FakeEndpoint) {
    this.fake = fake;
    this.#workspace = workspaceWith(fake.baseURL);
  }

  static async open(): Promise<Reflection> {
    return new Reflection(await startFakeEndpoint({ answer: lm }));
  }

  get workspace(): Workspace {
    return this.#workspace;
  }

  /** Another workspace takes the place of this one. */
  change(more: Change): void {
    this.#workspace.dispose();
    this.#workspace = workspaceWith(this.fake.baseURL, more);
  }

  async close(): Promise<void> {
    this.#workspace.dispose();
    await this.fake.close();
  }
}

export const proposals = (calls: readonly FakeCall[]): readonly FakeCall[] => calls.filter(isProposal);

/** The predictor whose instruction a proposal is asked for. */
export const predictorOf = ({ prompt }: FakeCall): string =>
  /present instruction of the step "(\w+)"/.exec(prompt)![1]!;

/** The feedback in a prompt on rows that went wrong. */
export function complaintsIn({ prompt }: FakeCall): readonly string[] {
  const said = [...prompt.matchAll(/^Feedback: (.*)$/gm)].map(([, text]) => text!);
  return [...new Set(said)].filter((text) => text !== 'Well done.');
}
