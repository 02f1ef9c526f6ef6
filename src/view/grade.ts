/** How good a program run was, as people take it in at a glance: a grade, with a sign and a word. */

import * as l10n from '../base/l10n.ts';

export const grades = ['right', 'partly', 'wrong', 'failed'] as const;
export type Grade = (typeof grades)[number];

/** Signs differ in form too, for those who do not see the colours. */
export const gradeSign: Readonly<Record<Grade, string>> = { right: '✓', partly: '◐', wrong: '✗', failed: '!' };
export const gradeWord = l10n.texts<Grade>({
  right: () => l10n.t('right'),
  partly: () => l10n.t('partly right'),
  wrong: () => l10n.t('wrong'),
  failed: () => l10n.t({ message: 'failed', comment: ['Of a program run, in a narrow column'] }),
});

/**
 * @param score 0 to 1; `null`: there is none yet.
 * @param threshold from this score on a run is right.
 */
export function gradeOf(score: number | null, failed: boolean, threshold: number): Grade | null {
  if (failed) return 'failed';
  if (score === null) return null;
  if (score >= threshold) return 'right';
  return score > 0 ? 'partly' : 'wrong';
}
