/** A metric that compares labels with predictions of another kind scores 0 in silence, unless the run says so. */
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/base/json.ts';
import { LabelKindWarning } from '../../../src/engine/labelKinds.ts';

const outcome = (answered: JsonValue, error = false) => ({
  prediction: { n: answered },
  score: 0,
  trace: [],
  seconds: 0,
  ...(error ? { error: { kind: 'metric' as const, message: 'no' } } : {}),
});
const example = (id: number, label: JsonValue) => ({ id, inputs: { q: 'a' }, fields: { q: 'a', n: label } });

/** What is said after rows of one label and one answer, with their scores. */
function saidOf(label: JsonValue, answered: JsonValue, scores: readonly number[] = [0, 0, 0, 0]): readonly string[] {
  const said: string[] = [];
  const warning = new LabelKindWarning((event) => {
    if (event.type === 'warning') said.push(event.message);
  });
  scores.forEach((score, id) => warning.add(example(id, label), outcome(answered), score));
  return said;
}

describe('labels of another kind than the prediction', () => {
  it.each<[string, JsonValue, JsonValue, string]>([
    ['a number', '3', 3, '"n" is a text in the data ("3") and a number in the prediction'],
    ['a boolean of a spreadsheet', 'TRUE', true, '"n" is a text in the data ("TRUE") and a boolean in the prediction'],
    ['what is true in a table', 'Yes', true, '"n" is a text in the data ("Yes") and a boolean in the prediction'],
    ['what is false in a table', '0', false, '"n" is a text in the data ("0") and a boolean in the prediction'],
    ['a number for a boolean', 1, true, '"n" is a number in the data (1) and a boolean in the prediction'],
    [
      'a list as Python prints it',
      `['it\\'s "x"', None, (1, -2.5e3,), {"a": True}, []]`,
      ['it\'s "x"', null, [1, -2500], { a: true }, []],
      'and a list in the prediction',
    ],
    ['a list', '["x"]', ['x'], '"n" is a text in the data ("[\\"x\\"]") and a list in the prediction'],
    ['a date', '2024-01-31', { $exact: 'date', value: '2024-01-31' }, 'and of the kind "date" in the prediction'],
    [
      'an object of a class',
      { a: 1 },
      { $exact: 'object', value: ['Item', { a: 1 }], shown: { a: 1 } },
      '"n" is an object in the data ({"a":1}) and an object of a class in the prediction',
    ],
  ])('are said once: %s', (_, label, answered, words) => {
    const said = saidOf(label, answered);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('Rows score 0 though their label says what the program answered. In row 3 "n" is');
    expect(said[0]).toContain(words);
  });

  it.each<[string, JsonValue, JsonValue]>([
    ['another answer', '3', 4],
    ['an empty text', '', 0],
    ['another boolean', 'no', true],
    ['a word that is no boolean', 'constructor', true],
    ['another list of Python', "['a']", ['b']],
    ['what is no literal', '[a]', ['a']],
    ['the same kind', '3', '3'],
    ['numbers with and without a fraction', 3, { $exact: 'float', value: '3.0' }],
    ['what code made', { $exact: 'date', value: '2024-01-31' }, '2024-01-31'],
    ['equal objects', { a: 1 }, { a: 1 }],
    ['no answer', 'null', null],
  ])('are not seen in %s', (_, label, answered) => {
    expect(saidOf(label, answered)).toEqual([]);
  });

  it('are not said of a metric that knows how to compare them, nor of few rows', () => {
    expect(saidOf('3', 3, [0, 0, 1, 0, 0, 0])).toEqual([]);
    expect(saidOf('3', 3, [0, 0])).toEqual([]);
  });

  it('are said of all such fields together', () => {
    const said: string[] = [];
    const warning = new LabelKindWarning((event) => said.push(JSON.stringify(event)));
    for (const id of [0, 1, 2]) {
      const fields = { n: String(id), day: '2024-01-31', q: 'a' };
      const prediction = { n: id, day: { $exact: 'date', value: '2024-01-31' } };
      warning.add({ id, inputs: { q: 'a' }, fields }, { ...outcome(0), prediction }, 0);
    }
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/In row 3 .*n.* is a text .*, .*day.* is a text/);
  });

  it('are not said of rows that failed, nor of inputs', () => {
    const said: unknown[] = [];
    const warning = new LabelKindWarning((event) => said.push(event));
    for (const id of [0, 1, 2, 3]) {
      warning.add(example(id, '3'), outcome(3, true), 0);
      warning.add({ id, inputs: { n: '3' }, fields: { n: '3' } }, outcome(3), 0);
    }
    expect(said).toEqual([]);
  });
});
