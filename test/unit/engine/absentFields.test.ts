/** A metric that compares fields that are not there scores 0, or 100 %, in silence, unless the run says so. */
import { describe, expect, it } from 'vitest';
import { AbsentFieldsWarning } from '../../../src/engine/absentFields.ts';

interface Asked {
  readonly row: readonly string[];
  readonly prediction: readonly string[];
}

function saidOf(absentFields: Asked, scores: readonly number[]): readonly string[] {
  const said: string[] = [];
  const warning = new AbsentFieldsWarning((event) => {
    if (event.type === 'warning') said.push(event.message);
  });
  scores.forEach((score, id) => {
    const outcome = { prediction: { answer: 'x' }, score, trace: [], seconds: 0, absentFields };
    warning.add({ id, inputs: { q: 'a' }, fields: { q: 'a', Answer: 'x' } }, outcome, score);
  });
  return said;
}

describe('fields that a metric asks for and that are not there', () => {
  it('are said once, where rows score 0', () => {
    const said = saidOf({ row: ['answer'], prediction: [] }, [0, 0, 0, 0, 0, 0]);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('The metric asks for "answer" of the row, which has q, Answer. What is not there is');
  });

  it('are said where row and prediction both lack them, whatever the score', () => {
    const said = saidOf({ row: ['label'], prediction: ['label'] }, [1, 1, 1]);
    expect(said[0]).toContain(
      '"label" of the row, which has q, Answer, and for "label" of the prediction, which has answer.',
    );
  });

  it('are not said of a metric that does without, nor of few rows', () => {
    expect(saidOf({ row: ['aliases'], prediction: [] }, [0, 0, 1, 0, 0, 0])).toEqual([]);
    expect(saidOf({ row: ['aliases'], prediction: [] }, [0, 0])).toEqual([]);
    expect(saidOf({ row: [], prediction: [] }, [0, 0, 0, 0])).toEqual([]);
  });
});
