import type { AllowedCaps } from '../../run/allow/allowance.ts';
import { count, dollars } from '../../view/words.ts';

/** `$5.00, of which $3.20 is left`. */
export function allowedText(budget: AllowedCaps, left: AllowedCaps): string {
  const parts = [
    ...(budget.usd === null ? [] : [`${dollars(budget.usd)}, of which ${dollars(left.usd)} is left`]),
    ...(budget.calls === null ? [] : [`${count(budget.calls)} calls, of which ${count(left.calls ?? 0)} are left`]),
  ];
  return parts.join('; ');
}
