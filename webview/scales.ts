/** What scores are drawn over: what they took. */
import { count, dollars, duration } from '../src/view/words.ts';

export const scales = ['calls', 'usd', 'seconds'] as const;
export type Scale = (typeof scales)[number];

export const scaleName: Readonly<Record<Scale, string>> = {
  calls: 'calls paid',
  usd: 'dollars',
  seconds: 'time of work',
};

export const scaleText: Readonly<Record<Scale, (value: number) => string>> = {
  calls: count,
  usd: dollars,
  seconds: duration,
};
