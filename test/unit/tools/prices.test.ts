import { describe, expect, it } from 'vitest';
import { capsFor, requireSomeLeft } from '../../../src/tools/base/caps.ts';
import { PriceTokens, priceMinutes } from '../../../src/tools/base/priceTokens.ts';

const price = { tool: 'start', program: 'two', bound: 'hash', sources: [], text: () => 'two: about 3 calls' };

describe('a price token', () => {
  it('is good once, and only for what it was told for', () => {
    const prices = new PriceTokens();
    const { token } = prices.tell(price);
    expect(prices.look(token, 'start').text()).toBe('two: about 3 calls');
    expect(() => prices.use(token, 'other', 'hash')).toThrow('is the price of start, not of other');
    expect(() => prices.use(token, 'start', 'another')).toThrow('told for something else');
    expect(prices.use(token, 'start', 'hash').program).toBe('two');
    expect(() => prices.use(token, 'start', 'hash')).toThrow('each is good for one start');
  });

  it('expires', () => {
    let now = 0;
    const prices = new PriceTokens(() => now);
    const { token, until } = prices.tell(price);
    expect(until.getTime()).toBe(priceMinutes * 60_000);
    now = until.getTime();
    expect(prices.look(token, 'start').bound).toBe('hash');
    now++;
    expect(() => prices.look(token, 'start')).toThrow('has expired');
  });

  it('is none that can be guessed or kept without end', () => {
    const prices = new PriceTokens();
    const first = prices.tell(price).token;
    const all = new Set(Array.from({ length: 200 }, () => prices.tell(price).token));
    expect(all.size).toBe(200);
    expect(() => prices.look(first, 'start')).toThrow('not one that this server told');
    for (const token of all) expect(prices.look(token, 'start').tool).toBe('start');
  });
});

it('of nothing that is left, no price is made', () => {
  requireSomeLeft({ calls: null, usd: null });
  requireSomeLeft({ calls: 1, usd: 0.01 });
  for (const left of [
    { calls: 0, usd: null },
    { calls: 0.5, usd: null },
    { calls: null, usd: 0 },
    { calls: 7, usd: 0 },
  ]) {
    expect(() => requireSomeLeft(left)).toThrow('Nothing is left');
  }
});

describe('the cap of a start', () => {
  const open = { calls: null, tokens: null, usd: null };
  const unlimited = { calls: null, usd: null };

  it('has to be there', () => {
    expect(() => capsFor({}, open, unlimited)).toThrow('A cap is needed');
    expect(capsFor({}, { ...open, tokens: 5 }, unlimited)).toEqual({ calls: null, tokens: 5, usd: null });
    expect(capsFor({}, { ...open, calls: 7 }, unlimited)).toEqual({ calls: 7, tokens: null, usd: null });
  });

  it('goes neither over the configuration nor over what is left', () => {
    expect(capsFor({ budget_calls: 7 }, { ...open, calls: 7 }, unlimited).calls).toBe(7);
    expect(() => capsFor({ budget_calls: 8 }, { ...open, calls: 7 }, unlimited)).toThrow('Give 7 or less');
    expect(capsFor({ budget_usd: 0.5 }, open, { calls: null, usd: 0.5 }).usd).toBe(0.5);
    expect(() => capsFor({ budget_usd: 0.51 }, open, { calls: null, usd: 0.5 })).toThrow(
      '0.5 of what was allowed is left',
    );
    expect(() => capsFor({ budget_usd: 1 }, open, { calls: 10, usd: null })).toThrow(
      '"budget_calls" is needed: at most 10',
    );
    expect(() => capsFor({ budget_calls: 1 }, open, { calls: 0, usd: null })).toThrow('Nothing is left');
  });
});
