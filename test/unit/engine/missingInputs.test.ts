/** A predictor that is called without its inputs is answered all the same, and every row scores as it comes, unless the run says so. */
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../../src/base/json.ts';
import type { ProgramOutcome } from '../../../src/data/trace.ts';
import type { CallLm, RunRequest } from '../../../src/engine/interfaces.ts';
import { MissingInputsWarning } from '../../../src/engine/missingInputs.ts';
import { FakeJournal, FakeLm, FakeProgram } from './fakes.ts';
import { promptStep } from './promptStep.ts';

const text = { kind: 'string' } as const;
const field = (name: string) => ({ name, description: '', prefix: '', type: text });
const history = { ...field('history'), type: { kind: 'optional', of: text } } as const;
const predictors = [
  {
    name: 'ask',
    signature: { instructions: '', inputs: [field('context'), field('q'), history], outputs: [field('a')] },
    demos: [],
    frozen: false,
  },
];

/** What is said after rows whose one call of a predictor had these inputs. */
function saidOf(rows: readonly (readonly string[])[], predictor = 'ask', fields: Fields = {}): readonly string[] {
  const said: string[] = [];
  const warning = new MissingInputsWarning({ predictors }, (event) => {
    if (event.type === 'warning') said.push(event.message);
  });
  rows.forEach((names, id) => {
    const inputs = Object.fromEntries(names.map((name) => [name, 'x']));
    const call = { predictor, inputs, outputs: {}, lm: [], path: [], start: 0, seconds: 0 };
    warning.add({ id, inputs: { question: 'x' }, fields }, [call, call]);
  });
  return said;
}

const none: readonly string[] = [];

describe('a predictor that is called without', () => {
  it('any input is told once', () => {
    const said = saidOf([none, none, none, none]);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(
      /"ask" was called without any input so far.*Its inputs: context, q, history\. The program is called with "question"/,
    );
  });

  it('its inputs as rows are chats is told what to do', () => {
    expect(saidOf([none, none, none], 'ask', { messages: [] })[0]).toContain(
      'make rows with the fields of the program',
    );
    expect(saidOf([none, none, none])[0]).not.toContain('fine-tuning');
  });

  it('one of its inputs is told, and which', () => {
    expect(saidOf([['context'], ['context'], ['context']])[0]).toContain('without its input "q" so far');
  });

  it('an input on some rows alone is as its author wants it', () => {
    expect(saidOf([none, ['context', 'q'], none, none, none])).toEqual([]);
    expect(saidOf([none, none])).toEqual([]);
  });

  it('what may be left out is nothing to tell', () => {
    expect(saidOf(Array.from({ length: 4 }, () => ['context', 'q']))).toEqual([]);
  });

  it('a predictor that is none of the program’s is nobody’s', () => {
    expect(saidOf([none, none, none], 'judge')).toEqual([]);
  });
});

/** Its author took the rows' fields by other names. */
class Forgetful extends FakeProgram {
  override async run(request: RunRequest, lm: CallLm, signal: AbortSignal): Promise<ProgramOutcome> {
    const outcome = await super.run(request, lm, signal);
    return { ...outcome, trace: outcome.trace.map((call) => ({ ...call, inputs: {} })) };
  }
}

it('a run says it, once', async () => {
  const journal = new FakeJournal(new Map());
  await promptStep({ program: new Forgetful(), lm: new FakeLm(() => 'a'), journal }).run();
  expect(journal.of('warning').map(({ message }) => message)).toEqual([
    expect.stringMatching(/^The predictor ".*" was called without any input so far/) as string,
  ]);
});
