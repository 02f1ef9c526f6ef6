/** Caps as people write them: `$5, 2,000 calls, 1.5M tokens`. What `writeCap` writes, `parseCap` reads back as it was. */
import * as l10n from '../../base/l10n.ts';
import type { BudgetCaps } from '../../config/resolved.ts';

type Kind = keyof BudgetCaps;

const kindOf: ReadonlyMap<string, Kind> = new Map([
  ['call', 'calls'],
  ['calls', 'calls'],
  ['token', 'tokens'],
  ['tokens', 'tokens'],
  ['dollar', 'usd'],
  ['dollars', 'usd'],
  ['usd', 'usd'],
]);
const twice = l10n.texts<Kind>({
  usd: () => l10n.t('There are two caps in dollars: write one.'),
  calls: () => l10n.t('There are two caps in calls: write one.'),
  tokens: () => l10n.t('There are two caps in tokens: write one.'),
});
const factorOf: Readonly<Record<string, number>> = { k: 1e3, K: 1e3, M: 1e6 };

/** A comma before exactly three digits groups the digits of one number, where a digit is before it. */
const betweenCaps = /(?<!\d),|,(?!\d{3}(?!\d))/;
const amount = /^(\$)?\s*((?:\d[\d,]*(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)\s*([kKM])?\s*([a-z]+)?$/;

/**
 * `undefined`: none.
 *
 * @throws Error naming the piece that is not a cap, or the kind that has two.
 */
export function parseCap(text: string): Partial<BudgetCaps> | undefined {
  const caps: { [kind in Kind]?: number } = {};
  const pieces = text.split(betweenCaps).map((piece) => piece.trim());
  for (const piece of pieces.filter((each) => each !== '')) {
    const { kind, value } = parsePiece(piece);
    if (caps[kind] !== undefined) throw new Error(twice[kind]);
    caps[kind] = value;
  }
  return Object.keys(caps).length === 0 ? undefined : caps;
}

function parsePiece(piece: string): { readonly kind: Kind; readonly value: number } {
  const [, dollar, number, unit, word] = amount.exec(piece) ?? [];
  const kind = kindIn(dollar, word);
  const exact = Number(number?.replaceAll(',', '')) * (unit === undefined ? 1 : factorOf[unit]!);
  const value = kind === 'usd' ? exact : Math.round(exact);
  const isCap = kind === 'usd' ? Number.isFinite(value) : Number.isSafeInteger(value);
  if (kind === null || !isCap || value <= 0) {
    throw new Error(l10n.t`"${piece}" is not a cap: write $5, 2000 calls or 1.5M tokens.`);
  }
  return { kind, value };
}

/** `null`: neither a `$` nor a word says it, or both do and differ. */
function kindIn(dollar: string | undefined, word: string | undefined): Kind | null {
  const named = word === undefined ? 'usd' : (kindOf.get(word) ?? null);
  return (dollar === undefined && word === undefined) || (dollar !== undefined && named !== 'usd') ? null : named;
}

/** For a field in which caps are edited: with all their digits. '': none. */
export function writeCap({ calls, tokens, usd }: BudgetCaps): string {
  const caps = [
    ...(usd === null ? [] : [`$${usd}`]),
    ...(calls === null ? [] : [`${calls} calls`]),
    ...(tokens === null ? [] : [`${tokens} tokens`]),
  ];
  return caps.join(', ');
}
