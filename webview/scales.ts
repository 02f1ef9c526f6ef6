/** What scores are drawn over: what they took. */
import * as l10n from '../src/base/l10n.ts';
import { count, dollars, duration } from '../src/view/words.ts';

export const scales = ['calls', 'usd', 'seconds'] as const;
export type Scale = (typeof scales)[number];

export const scaleName: Readonly<Record<Scale, string>> = {
  calls: l10n.t('calls paid'),
  usd: l10n.t('dollars'),
  seconds: l10n.t('time of work'),
};

export const scaleText: Readonly<Record<Scale, (value: number) => string>> = {
  calls: count,
  usd: dollars,
  seconds: duration,
};
