/** A program of two predictors, a metric that says words, and an LM that knows only what its prompt says: for reflective searches. */
import { expect } from 'vitest';
import type { RunResult } from '../../../src/protocol.ts';
import { resultSchema } from '../../../src/protocol.ts';
import type { FakeAnswer, FakeCall, FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { two } from '../dspyPython.ts';
import type { Finished } from '../workspace.ts';
import { lastJson, Workspace, twoInTypeScript } from '../workspace.ts';

/** What the metric asks of each predictor; an instruction helps if it holds the words for its own. */
export const words = { hint: 'A hint names the place.', answer: 'An answer is looked up.' } as const;

export const python = `${two}

def gepa(gold, pred, trace=None, pred_name=None, pred_trace=None):
    score = float(gold.answer == pred.answer)
    if pred_name is None:
        return score
    assert [name for name, _, _ in pred_trace] == [pred_name] or len(pred_trace) == 1
    words = {'hint': '${words.hint}', 'answer': '${words.answer}'}[pred_name]
    return dspy.Prediction(score=score, feedback='Well done.' if score else words)


def words_of(path):
    import json

    program = Two()
    program.load(path)
    return json.dumps({name: each.signature.instructions for name, each in program.named_predictors()})
`;

export const typescript = `import type { Metric } from 'bettertogether';
${twoInTypeScript}
export const words = ${JSON.stringify(words)};

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

/**
 * The LM of the program. It knows every third row; one third more where the answer's instruction has its words, and the
 * last third where a hint names the place, which it does where the hint's instruction has its words.
 */
export function student({ messages }: FakeCall): string {
  const system = messages[0]!.content;
  const asked = messages.at(-1)!.content;
  const [, split, id] = /\[\[ ## question ## \]\]\n(\w+) (\d+)/.exec(asked) ?? [];
  const field = /starting with the field `\[\[ ## (\w+) ## \]\]`/.exec(asked)?.[1] ?? 'answer';
  const place = system.includes(words.hint) ? ', at the place' : '';
  const knows = [true, system.includes(words.answer), asked.includes(', at the place')][Number(id) % 3];
  const value = field === 'hint' ? `hint for ${split} ${id}${place}` : knows ? `a ${split} ${id}` : 'no idea';
  return `[[ ## ${field} ## ]]\n${value}\n\n[[ ## completed ## ]]`;
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

/** The result of a run that came to its end. */
export function resultOf(finished: Finished): RunResult {
  expect(finished.code, finished.stderr).toBe(0);
  return resultSchema.parse(lastJson(finished));
}

export const proposals = (calls: readonly FakeCall[]): readonly FakeCall[] => calls.filter(isProposal);

export function instructionsOf({ state }: RunResult): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(state.predictors).map(([name, { instructions }]) => [name, instructions]));
}

/** The predictor whose instruction a proposal is asked for. */
export const predictorOf = ({ prompt }: FakeCall): string =>
  /present instruction of the step "(\w+)"/.exec(prompt)![1]!;

/** The feedback in a prompt on rows that went wrong. */
export function complaintsIn({ prompt }: FakeCall): readonly string[] {
  const said = [...prompt.matchAll(/^Feedback: (.*)$/gm)].map(([, text]) => text!);
  return [...new Set(said)].filter((text) => text !== 'Well done.');
}
