import { describe, expect, it } from 'vitest';
import { purposeSchema } from '../../../src/protocol.ts';
import {
  brief,
  bytes,
  count,
  dollars,
  duration,
  measured,
  purposeName,
  rowScore,
  short,
  shownNumber,
  signed,
  startName,
  stepName,
  stepTitle,
  whyStopped,
} from '../../../src/view/words.ts';

describe('numbers and names for people', () => {
  it.each([
    [whyStopped(undefined), 'could no longer win'],
    [whyStopped({ after: 39, chance: 0.01, loss: 1 }), 'was unlikely (1 %) to win by more than 1 point'],
    [whyStopped({ after: 39, chance: 0.055, loss: 2.5 }), 'was unlikely (5.5 %) to win by more than 2.5 points'],
    [whyStopped({ after: 39, chance: 0.05, loss: 0 }), 'was unlikely (5 %) to win'],
    [measured(null, {}), ''],
    [measured(0.2163, {}), 'loss 0.216'],
    [measured(-0.01, { kl: 0.0014, clipped: 0 }), 'loss -0.010, kl 0.001, clipped 0.000'],
    [duration(0), '0 s'],
    [duration(0.004), '4 ms'],
    [duration(0.42), '420 ms'],
    [duration(0.9996), '1.0 s'],
    [duration(4.25), '4.3 s'],
    [duration(12.4), '12 s'],
    [duration(119.4), '119 s'],
    [duration(119.7), '2 min 00 s'],
    [duration(125), '2 min 05 s'],
    [duration(3599.6), '1 h 00 min'],
    [duration(7800), '2 h 10 min'],
    [dollars(null), 'unknown'],
    [dollars(0), '$0'],
    [dollars(0.00004), '< $0.0001'],
    [dollars(0.004), '$0.0040'],
    [dollars(0.1234), '$0.1234'],
    [dollars(12.345), '$12.35'],
    [count(1_234_567), '1,234,567'],
    [short(9999), '9,999'],
    [short(12_345), '12.3k'],
    [short(3_400_000), '3.4M'],
    [bytes(10), '1 KiB'],
    [bytes(5 * 1024 * 1024), '5.0 MiB'],
    [signed(3.04), '+3.0'],
    [signed(-2), '−2.0'],
    [signed(-0.01), '±0.0'],
    [rowScore(null), '–'],
    [rowScore(1), '1'],
    [rowScore(0.4167), '0.42'],
    [String(shownNumber(0)), '1'],
    [brief('a\u202Eb\n\tc'), 'a\uFFFDb c'],
    [brief('x'.repeat(400)), `${'x'.repeat(299)}…`],
  ])('read %s', (text, expected) => {
    expect(text).toBe(expected);
  });

  it('have a word for all that program runs are for', () => {
    expect(Object.keys(purposeName)).toEqual(expect.arrayContaining([...purposeSchema.options, 'checkpoints']));
  });
});

describe('the program before any step', () => {
  it('is as it was written, or in the state that the run began with', () => {
    expect(stepTitle(null, null)).toBe('The program as it was written');
    expect(stepTitle(null, 'p.json')).toBe('The program in the state of p.json');
    expect([null, undefined, 'p.json'].map(startName)).toEqual(['baseline', 'baseline', 'start']);
  });

  it('has its name in a lattice too; steps go by what a strategy calls them', () => {
    expect([stepName(''), stepName('', 'start'), stepName('p × ')]).toEqual(['baseline', 'start', 'p × baseline']);
    expect(stepName('p -> w')).toBe('p -> w');
    expect(stepTitle({ name: 'w', kind: 'w', title: 'fine-tuning', changes: 'weights' }, 'p.json')).toBe('Fine-tuning');
  });
});
