import type { BudgetCaps } from '../../config/resolved.ts';

/**
 * Reads caps as people write them: `$5, 2,000 calls, 1.5M tokens`. `undefined`: none.
 *
 * @throws Error naming the piece that is no cap.
 */
export function parseCap(text: string): Partial<BudgetCaps> | undefined {
  const caps: { calls?: number; tokens?: number; usd?: number } = {};
  const pieces = text.split(/,(?!\d{3}(?!\d))/).map((piece) => piece.trim());
  for (const piece of pieces.filter((each) => each !== '')) {
    const [, dollar, number, unit = '', kind] =
      /^(\$)?\s*([\d.,]+)\s*([kKM])?\s*(calls?|tokens?|dollars?|usd)?$/.exec(piece) ?? [];
    const value = Number(number?.replaceAll(',', '')) * ({ k: 1e3, K: 1e3, M: 1e6 }[unit] ?? 1);
    const usd = dollar !== undefined || kind === 'usd' || kind?.startsWith('dollar') === true;
    if (!Number.isFinite(value) || value <= 0 || (!usd && kind === undefined)) {
      throw new Error(`"${piece}" is not a cap: write $5, 2000 calls or 1.5M tokens.`);
    }
    if (usd) caps.usd = value;
    else if (kind!.startsWith('call')) caps.calls = Math.round(value);
    else caps.tokens = Math.round(value);
  }
  return Object.keys(caps).length === 0 ? undefined : caps;
}
