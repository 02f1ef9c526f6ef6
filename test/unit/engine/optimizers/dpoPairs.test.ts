import { describe, expect, it } from 'vitest';
import type { ProgramOutcome } from '../../../../src/data/trace.ts';
import { pairsOf } from '../../../../src/engine/optimizers/dpo/pairs.ts';

type Call = readonly [predictor: string, question: string, answer: string | null];

function outcome(score: number, calls: readonly Call[], error?: ProgramOutcome['error']): ProgramOutcome {
  const trace = calls.map(([predictor, question, answer]) => ({
    ...{ predictor, inputs: { question }, outputs: answer === null ? null : { answer } },
    ...{ lm: [], path: [], start: 0, seconds: 0 },
  }));
  return { prediction: null, score, trace, seconds: 0, ...(error === undefined ? {} : { error }) };
}

/** `predictor question: preferred > rejected` */
function pairs(outcomes: readonly ProgramOutcome[], most = 9, predictors = ['a', 'b']): readonly string[] {
  const isCorrect = ({ score, error }: ProgramOutcome) => error === undefined && score >= 1;
  return pairsOf(outcomes, { predictors, isCorrect, most }).map(
    ({ predictor, inputs, preferred, rejected }) =>
      `${predictor} ${String(inputs['question'])}: ${String(preferred['answer'])} > ${String(rejected['answer'])}`,
  );
}

describe('pairs of answers', () => {
  it('are made of what was right and what was wrong under the same prompt', () => {
    const runs = [outcome(1, [['a', 'q', 'yes']]), outcome(0, [['a', 'q', 'no']]), outcome(0.9, [['a', 'q', 'maybe']])];
    expect(pairs(runs)).toEqual(['a q: yes > no', 'a q: yes > maybe']);
    expect(pairs(runs, 1)).toEqual(['a q: yes > no']);
  });

  it('leave out an answer that was given in right and in wrong runs: it decided neither', () => {
    const runs = [
      outcome(1, [
        ['a', 'q', 'plan'],
        ['b', 'plan', 'yes'],
      ]),
      outcome(0, [
        ['a', 'q', 'plan'],
        ['b', 'plan', 'no'],
      ]),
    ];
    expect(pairs(runs)).toEqual(['b plan: yes > no']);
  });

  it('are never made across prompts or predictors', () => {
    const runs = [
      outcome(1, [
        ['a', 'q', 'x'],
        ['b', 'x', 'yes'],
      ]),
      outcome(0, [
        ['a', 'q', 'y'],
        ['b', 'y', 'no'],
      ]),
    ];
    expect(pairs(runs)).toEqual(['a q: x > y']);
    expect(pairs(runs, 9, ['b'])).toEqual([]);
  });

  it('begin with what was given most often, and take different answers as long as there are some', () => {
    const right = ['r1', 'r2', 'r2'].map((answer) => outcome(1, [['a', 'q', answer]]));
    const wrong = ['w1', 'w2', 'w2', 'w3'].map((answer) => outcome(0, [['a', 'q', answer]]));
    const all = pairs([...right, ...wrong]);
    expect(all.slice(0, 2)).toEqual(['a q: r2 > w2', 'a q: r1 > w1']);
    expect(new Set(all).size).toBe(6);
  });

  it('take nothing from runs that the code broke off, and nothing unreadable', () => {
    const broken = outcome(0, [['a', 'q', 'no']], { kind: 'timeout', message: 'too slow' });
    expect(pairs([outcome(1, [['a', 'q', 'yes']]), broken])).toEqual([]);
    const unreadable = outcome(
      0,
      [
        ['a', 'q', 'no'],
        ['b', 'no', null],
      ],
      { kind: 'parse', message: 'no field' },
    );
    expect(pairs([outcome(1, [['a', 'q', 'yes']]), unreadable])).toEqual(['a q: yes > no']);
  });
});
