import { describe, expect, it } from 'vitest';
import { absentIn, askedFields } from '../../../src/host/node/askedFields.ts';

type Any = Record<string, unknown>;

describe('the fields that a metric asks for', () => {
  it.each<[string, (...args: never[]) => unknown, readonly string[], readonly string[]]>([
    [
      'by name',
      (row: Any, said: Any) => row.answer === said.answer && row.answer !== row.Label,
      ['answer', 'Label'],
      ['answer'],
    ],
    [
      'taken apart',
      ({ answer, label: gold }: Any, { answer: said }: Any) => [answer, gold, said],
      ['answer', 'label'],
      ['answer'],
    ],
    [
      'of a function with a trace',
      async function score(example: Any, pred: Any, trace?: unknown) {
        return Promise.resolve([example.answer, pred.label, trace]);
      },
      ['answer'],
      ['label'],
    ],
    [
      'without what it does without',
      (row: Any, { notes = '', answer }: Any) => [
        row.notes ?? row.note,
        row.list || 1,
        row.flag ? 1 : 2,
        notes,
        answer,
      ],
      ['note'],
      ['answer'],
    ],
    [
      'not of other objects',
      (e: Any, p: Any) => [(e.a as Any).b, (e.own as () => void)(), { e: { x: 1 } }.e.x, p.a],
      ['a'],
      ['a'],
    ],
    ['not of what it hands on', (...both: Any[]) => both, [], []],
    ['not where it cannot be seen', ((e: Any, p: Any) => [e.a, p.a]).bind(null), [], []],
  ])('are found %s', (_, metric, row, prediction) => {
    expect(askedFields(metric)).toEqual({ row, prediction });
  });

  it('are there or not, those of any object always', () => {
    expect(absentIn(['answer', 'Answer', 'toString'], { answer: undefined })).toEqual(['Answer']);
  });
});
