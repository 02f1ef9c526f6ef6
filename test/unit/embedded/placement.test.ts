import { describe, expect, it } from 'vitest';
import type { SlotView, WaitingView } from '../../../src/embedded/llama/placement.ts';
import { place, sharedPrefix } from '../../../src/embedded/llama/placement.ts';

const range = (from: number, length: number): number[] => Array.from({ length }, (_, i) => from + i);
const waiting = (prompt: number[], passedOver = 0): WaitingView => ({ prompt, passedOver });
const slot = (held: number[], busy = false, lastUsed = 0): SlotView => ({ held, busy, lastUsed, ready: !busy });
const demos = range(1000, 200);

describe('sharedPrefix', () => {
  it('never counts the last prompt token: a state without logits cannot answer', () => {
    expect(sharedPrefix([1, 2, 3], [1, 2, 3])).toBe(2);
    expect(sharedPrefix([1, 2, 3], [1, 2, 9])).toBe(2);
    expect(sharedPrefix([1, 2, 3], [9])).toBe(0);
    expect(sharedPrefix([], [1])).toBe(0);
  });
});

describe('place', () => {
  it('places nothing when nothing waits or no sequence is free', () => {
    expect(place([], [slot([])], true)).toBeNull();
    expect(place([waiting([1, 2])], [slot([], true)], true)).toBeNull();
  });

  it('gives a request the free sequence that holds most of its prompt', () => {
    const slots = [slot([]), slot(demos), slot(demos.slice(0, 50))];
    expect(place([waiting([...demos, 1])], slots, true)).toEqual({ waiting: 0, slot: 1, source: null });
  });

  it('takes a prefix over from a busy sequence that holds it or is evaluating it', () => {
    const slots = [slot([...demos, 7], true), slot([]), slot([])];
    expect(place([waiting([...demos, 1])], slots, true)).toEqual({ waiting: 0, slot: 1, source: 0 });
  });

  it('evaluates again where states cannot be copied, or it saves little', () => {
    const slots = [slot([...demos, 7], true), slot([])];
    expect(place([waiting([...demos, 1])], slots, false)).toEqual({ waiting: 0, slot: 1, source: null });
    // Twenty tokens are not worth waiting for, but worth a copy once they are there.
    const short = [slot(range(0, 20), true), slot([])];
    expect(place([waiting([...range(0, 20), 99, 98])], short, true)?.source).toBeNull();
    expect(place([waiting([...range(0, 20), 99, 98])], [{ ...short[0]!, ready: true }, slot([])], true)?.source).toBe(
      0,
    );
  });

  it('prefers a later request whose prefix is there, until the first has been passed over too often', () => {
    const slots = [slot(demos)];
    const other = range(5000, 100);
    expect(place([waiting(other), waiting([...demos, 1])], slots, true)?.waiting).toBe(1);
    expect(place([waiting(other, 24), waiting([...demos, 1])], slots, true)?.waiting).toBe(0);
  });

  it('takes the oldest among equals', () => {
    expect(place([waiting([1, 2]), waiting([3, 4])], [slot([])], true)?.waiting).toBe(0);
  });

  it('overwrites the state nobody waits for, the one unused for longest first', () => {
    const slots = [slot(demos, false, 1), slot(range(5000, 100), false, 3), slot(range(7000, 100), false, 2)];
    const fresh = waiting(range(9000, 50), 99);
    expect(place([fresh, waiting([...demos, 1])], slots, true)).toEqual({ waiting: 0, slot: 2, source: null });
  });
});
