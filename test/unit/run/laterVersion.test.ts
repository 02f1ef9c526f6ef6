import { expect, it } from 'vitest';
import { isLater, unreadKeys } from '../../../src/run/record/laterVersion.ts';

it.each([
  ['0.2.0', '0.1.9', true],
  ['0.1.10', '0.1.9', true],
  ['1.0', '0.9.9', true],
  ['0.1.0.1', '0.1.0', true],
  ['0.1.0', '0.1.0', false],
  ['0.1', '0.1.0', false],
  ['0.1.9', '0.2.0', false],
  ['0.2.0-next.1', '0.1.0', true],
  ['0.1.0-next.1', '0.1.0', false],
  ['tomorrow', '0.1.0', false],
])('%s is later than %s: %s', (other, own, later) => {
  expect(isLater(other, own)).toBe(later);
});

it('names what was not read, in objects and lists, and nothing where all of it was', () => {
  const text = JSON.stringify({
    v: 1,
    asked: { seed: 0, steps: [{ kind: 'p' }, { kind: 'w', dream: {} }] },
    later: null,
  });
  const read = { v: 1, asked: { seed: 0, steps: [{ kind: 'p' }, { kind: 'w' }] }, more: true };
  expect(unreadKeys(text, read)).toEqual(['asked.steps.1.dream', 'later']);
  expect(unreadKeys('{"a":{"b":1}}', { a: { b: 2 } })).toEqual([]);
});
