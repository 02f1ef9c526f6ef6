/** What the engine relies on from every program, in whatever language and process it runs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LmCall } from '../../src/data/lm.ts';
import type { ProgramDescription, ProgramState } from '../../src/data/program.ts';
import {
  BudgetExhausted,
  CallRejected,
  Cancelled,
  EndpointRefused,
  EndpointUnavailable,
} from '../../src/engine/errors.ts';
import type { CallLm, Program } from '../../src/engine/interfaces.ts';
import { request, startState } from '../system/hostTools.ts';

/** A program with the predictor `answer` (question -> answer), whose metric asks whether the answer is the row's. */
export interface ProgramUnderTest {
  readonly program: Program;
  /** An LM that answers so, in the form that this program reads. */
  lm(answer: (question: string, call: LmCall) => string): CallLm;
  close(): Promise<void>;
}

/** Questions about which the program's code throws an error, and its metric. */
export const troubles = { program: 'the program raises', metric: 'the metric raises' } as const;

const never = new AbortController().signal;

/** A state as the engine has it: nobody may change it. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}

/** @param open the program, started; it serves all tests of the suite. */
export function programContract(name: string, open: () => Promise<ProgramUnderTest>): void {
  describe(`${name}, as a program`, () => {
    let under: ProgramUnderTest;
    let program: Program;
    let description: ProgramDescription;
    let state: ProgramState;
    let echo: CallLm;
    beforeAll(async () => {
      under = await open();
      ({ program } = under);
      description = await program.describe();
      state = frozen(startState(description));
      echo = under.lm((question) => question);
    });
    afterAll(() => under.close());

    const run = (
      question: string,
      lm = echo,
      more: { readonly state?: ProgramState; readonly label?: string } = {},
    ) => {
      const labels = { answer: more.label ?? question };
      return program.run(frozen(request(more.state ?? state, question, { labels })), lm, never);
    };
    const withInstructions = (instructions: string): ProgramState => ({
      predictors: Object.fromEntries(
        Object.entries(state.predictors).map(([each, own]) => [each, { ...own, instructions }]),
      ),
    });

    it('describes itself, the same each time: predictors by names of their own, and what it is made of', async () => {
      expect(await program.describe()).toEqual(description);
      const names = description.predictors.map((predictor) => predictor.name);
      expect([names.length > 0, new Set(names).size]).toEqual([true, names.length]);
      expect(Object.values(description.sources).every((hash) => hash.length > 0)).toBe(true);
      expect(Object.keys(description.sources)).not.toEqual([]);
    });

    it('runs on a row: a prediction, its score, and each call with what went in and came out', async () => {
      const asked: LmCall[] = [];
      const right = await run(
        'Überweisung 日本?',
        under.lm((question, call) => (asked.push(call), question)),
      );
      expect(right).toMatchObject({ prediction: { answer: 'Überweisung 日本?' }, score: 1 });
      expect(right.error).toBeUndefined();
      expect(right.seconds).toBeGreaterThanOrEqual(0);
      expect(right.trace).toHaveLength(asked.length);
      expect(right.trace.flatMap(({ lm }) => lm)).toHaveLength(asked.length);
      expect(right.trace[0]).toMatchObject({
        inputs: { question: 'Überweisung 日本?' },
        outputs: { answer: 'Überweisung 日本?' },
      });
      const known = new Set(description.predictors.map((predictor) => predictor.name));
      expect(right.trace.filter(({ predictor }) => !known.has(predictor))).toEqual([]);
      expect((await run('a', echo, { label: 'b' })).score).toBe(0);
    });

    it('does what the state says, whatever states it was asked in before, and leaves it as it is', async () => {
      const ask = async (instructions: string, model: string) => {
        const calls: LmCall[] = [];
        const given = withInstructions(instructions);
        const named = Object.entries(given.predictors).map(([each, own]) => [each, { ...own, model }]);
        const tuned = frozen({ predictors: Object.fromEntries(named) as ProgramState['predictors'] });
        await run(
          'a',
          under.lm((question, call) => (calls.push(call), question)),
          { state: tuned },
        );
        return calls.map((call) => [call.model, JSON.stringify(call.prompt).includes(instructions)]);
      };
      for (const [instructions, model] of [
        ['Answer as a pirate.', 'tuned-1'],
        ['Answer as a king.', 'base'],
        ['Answer as a pirate.', 'tuned-1'],
      ] as const) {
        const asked = await ask(instructions, model);
        expect(asked).not.toEqual([]);
        expect(asked).toEqual(asked.map(() => [model, true]));
      }
    });

    it.each(Object.entries(troubles))(
      'makes an outcome of an error in the code of %s, and goes on',
      async (kind, question) => {
        const outcome = await run(question);
        expect(outcome).toMatchObject({
          score: 0,
          error: { kind, message: expect.stringMatching(/\w{3}/) as unknown },
        });
        expect((await run('fine')).score).toBe(1);
      },
    );

    it('makes an outcome of a call that cannot be answered', async () => {
      const outcome = await run('a', () => Promise.reject(new CallRejected('The prompt is too long.')));
      expect(outcome).toMatchObject({ score: 0, error: { kind: 'rejected' } });
      expect(outcome.error!.message).toContain('The prompt is too long.');
    });

    it.each([
      new EndpointUnavailable('The endpoint is gone.'),
      new EndpointRefused('The key is wrong.'),
      new BudgetExhausted('The cap is met.', 'calls'),
      new Cancelled('Stopped.'),
    ])('gives no result where the LM gives none, and passes on why: $name', async (error) => {
      await expect(run('a', () => Promise.reject(error))).rejects.toBe(error);
      expect((await run('fine')).score).toBe(1);
    });

    it('asks nothing once it was told to stop, and stops under way, in the words of who asked', async () => {
      const reason = new Cancelled('Stopped by `bettertogether cancel`.');
      let asked = 0;
      const count: CallLm = (...call) => (asked++, echo(...call));
      const row = request(state, 'a', { labels: { answer: 'a' } });
      await expect(program.run(row, count, AbortSignal.abort(reason))).rejects.toBe(reason);
      expect(asked).toBe(0);
      const stop = new AbortController();
      const stuck: CallLm = () => {
        setTimeout(() => {
          stop.abort(reason);
        });
        return new Promise(() => undefined);
      };
      await expect(program.run(row, stuck, stop.signal)).rejects.toBe(reason);
      expect((await run('fine')).score).toBe(1);
    });

    it('keeps runs apart that are under way at once', async () => {
      const questions = Array.from({ length: 20 }, (_, row) => `row ${row}`);
      const slow = under.lm((question) => question);
      let asked = 0;
      const disorderly: CallLm = async (call, purpose) => {
        // Later ones are often answered first.
        const milliseconds = (asked++ * 7) % 5;
        await new Promise((resolve) => setTimeout(resolve, milliseconds));
        return slow(call, purpose);
      };
      const outcomes = await Promise.all(questions.map((question) => run(question, disorderly)));
      expect(outcomes.map(({ prediction, score }) => [prediction, score])).toEqual(
        questions.map((answer) => [{ answer }, 1]),
      );
      expect(outcomes.map(({ trace }) => trace[0]!.inputs)).toEqual(questions.map((question) => ({ question })));
    });

    it('renders training rows, one a request and in their order, in the prompt of the state', async () => {
      const [predictor] = Object.keys(state.predictors) as [string];
      const requests = ['a', 'b', 'a'].map((question, index) => ({
        predictor,
        state: frozen({ ...state.predictors[predictor]!, instructions: `Manner ${index}.` }),
        inputs: { question },
        outputs: { answer: `answer ${question} ${index}` },
      }));
      const rows = await program.renderRows(frozen(requests));
      expect(rows.map((row) => row.predictor)).toEqual([predictor, predictor, predictor]);
      for (const [index, row] of rows.entries()) {
        expect(row.completion).toContain(requests[index]!.outputs.answer);
        expect(JSON.stringify(row.prompt)).toContain(`Manner ${index}.`);
        expect(JSON.stringify(row.prompt)).not.toContain(requests[index]!.outputs.answer);
      }
      expect(await program.renderRows([])).toEqual([]);
    });
  });
}
