/** What came of a row, as the Test Explorer says it. Pure; all texts are plain, and others wrote parts of them. */
import * as l10n from '../../base/l10n.ts';
import { canonicalJson } from '../../base/json.ts';
import type { Fields } from '../../base/json.ts';
import { labelsOf } from '../../data/program.ts';
import type { Example } from '../../data/program.ts';
import type { ProgramOutcome } from '../../data/trace.ts';
import { lineText } from '../../view/lineText.ts';
import { brief, errorText, rowScore } from '../../view/words.ts';
import { sidesOf } from './rowTests.ts';

export type Verdict =
  | { readonly kind: 'passed' }
  /** The answer was not good enough, or could not be read. */
  | {
      readonly kind: 'failed';
      readonly message: string;
      /** Labels beside what was predicted; `null` where there is nothing to compare. */
      readonly sides: { readonly expected: string; readonly actual: string } | null;
    }
  /** The user's code threw, or did not end. */
  | { readonly kind: 'errored'; readonly message: string; readonly file?: string; readonly line?: number };

export interface Judged {
  /** A score from this on, in the metric's own range, is a pass: `threshold` of the program. */
  readonly threshold: number;
}

/** As far as it is judged: records of other versions may name kinds of errors that this one does not know. */
export type JudgedOutcome = Pick<ProgramOutcome, 'prediction' | 'score' | 'feedback'> & {
  readonly error?: { readonly kind: string; readonly message: string; readonly file?: string; readonly line?: number };
};

/** @param row of the data; `undefined` where it is not there any more. */
export function verdictOf(outcome: JudgedOutcome, row: Example | undefined, { threshold }: Judged): Verdict {
  const { error, prediction, score } = outcome;
  if (error?.kind === 'parse') return { kind: 'failed', message: said([unreadable(error.message)]), sides: null };
  if (error !== undefined) {
    const { file, line } = error;
    const place = { ...(file !== undefined && { file }), ...(line !== undefined && { line }) };
    return { kind: 'errored', message: errorText({ ...error, kind: error.kind as 'program' }, true), ...place };
  }
  if (score >= threshold) return { kind: 'passed' };
  const labels = labelsOf(row);
  const given = prediction ?? {};
  const reached = l10n.t`Score ${rowScore(score)}; ${rowScore(threshold)} passes.`;
  const lines = [...differences(labels, given), reached, ...feedbackOf(outcome), ...othersOf(labels, given)];
  return { kind: 'failed', message: said(lines), sides: sidesOf(labels, given) };
}

const unreadable = (message: string): string => l10n.t`The answer could not be read: ${brief(message, 1000)}`;

/** The first line stands in lists. */
function said(lines: readonly string[]): string {
  return lines.join('\n');
}

/** `answer: expected home, predicted weather`. */
function differences(labels: Fields, given: Fields): readonly string[] {
  return Object.entries(labels).flatMap(([name, label]) => {
    const value = given[name];
    if (value === undefined) return [];
    if (canonicalJson(label) === canonicalJson(value)) return [];
    return [l10n.t`${lineText(name)}: expected ${shown(lineText(label))}, predicted ${shown(lineText(value))}`];
  });
}

const shown = (text: string): string => (text === '' ? l10n.t('(nothing)') : text);

function feedbackOf({ feedback }: JudgedOutcome): readonly string[] {
  return feedback === undefined ? [] : [l10n.t`The metric said: ${brief(feedback, 1000)}`];
}

/** What else the program gave: its reasoning, say. */
function othersOf(labels: Fields, given: Fields): readonly string[] {
  const others = Object.entries(given).filter(([name]) => !Object.hasOwn(labels, name));
  return others.map(([name, value]) => `${lineText(name)}: ${shown(lineText(value))}`);
}
