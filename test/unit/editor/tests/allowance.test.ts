import { describe, expect, it } from 'vitest';
import { allowanceOf, leftOf, lowerCaps, spentText, withSpent } from '../../../../src/editor/tests/allowance.ts';

const usage = { calls: 8, cached: 2, inputTokens: 100, outputTokens: 20, usd: 0.25 };
const none = { calls: null, tokens: null, usd: null };

describe('an allowance', () => {
  it('counts what each evaluation paid, and is used up by the first cap that is met', () => {
    let allowance = allowanceOf({ calls: 20, usd: 1 });
    expect(leftOf(allowance)).toEqual({ calls: 20, tokens: null, usd: 1 });
    allowance = withSpent(withSpent(allowance, usage), usage);
    expect(leftOf(allowance)).toEqual({ calls: 4, tokens: null, usd: 0.5 });
    expect(spentText(allowance)).toBe('$0.5000 of $1.00, 16 of 20 calls');
    expect(leftOf(withSpent(allowance, { ...usage, calls: 4 }))).toBeNull();
  });

  it('takes what nobody knows for all of it, where that kind is capped', () => {
    const quiet = { ...usage, inputTokens: null, usd: null };
    expect(leftOf(withSpent(allowanceOf({ calls: 20 }), quiet))).toMatchObject({ calls: 12 });
    expect(leftOf(withSpent(allowanceOf({ usd: 1 }), quiet))).toBeNull();
    expect(leftOf(withSpent(allowanceOf({ tokens: 1000 }), quiet))).toBeNull();
    const killed = withSpent(allowanceOf({ calls: 20 }), null);
    expect(leftOf(killed)).toBeNull();
    expect(spentText(killed)).toBe('an unknown part of 20 calls');
  });

  it('never lets an evaluation have more than the configuration does', () => {
    expect(lowerCaps({ ...none, calls: 5 }, { ...none, calls: 3, usd: 2 })).toEqual({ calls: 3, tokens: null, usd: 2 });
    expect(lowerCaps({ ...none, calls: 5 }, none)).toEqual({ calls: 5, tokens: null, usd: null });
  });
});
