import type { ProbeAccount } from '../../lm/capabilities.ts';

/** For who keeps no account of a call. */
export const noAccount: ProbeAccount = {
  gate: { reserve: () => Promise.resolve({ settle: () => undefined, release: () => undefined }) },
  prices: null,
  onPaid: () => undefined,
};
