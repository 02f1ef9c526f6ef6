import type { Manifest } from '../record/manifest.ts';
import type { Split } from './runView.ts';

/**
 * What decides which rows a split of a run has: its file, or what is held out of train, which is the same whatever the
 * seed (`run/data.ts`). Scores of runs for which it is the same are scores of the same rows.
 */
export function rowsAsked({ train, ...splits }: Manifest['data'], split: Extract<Split, 'dev' | 'test'>): string {
  const own = splits[split]?.sha256;
  if (own !== undefined) return own;
  return split === 'dev' ? `${train.sha256} held out` : 'none';
}
