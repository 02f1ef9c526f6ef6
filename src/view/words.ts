/** Numbers, names and errors as people read them, in a terminal, in the editor and on the page alike. */
import * as l10n from '../base/l10n.ts';
import { placeText } from '../base/placeText.ts';
import type * as z from 'zod';
import { oneLine } from '../base/visibleText.ts';
import type { userCodeErrorSchema } from '../data/trace.ts';
import type { StepInfo, Unlikely } from '../protocol.ts';
import type { Work } from './work.ts';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export function count(value: number): string {
  return grouped.format(value);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** 950, 12.3k, 1.2M: for tokens, and for estimates. What was counted otherwise is shown by `count`. */
export function short(value: number): string {
  if (value < 10_000) return count(value);
  if (value < 1_000_000) return `${(value / 1000).toFixed(1)}k`;
  return `${(value / 1_000_000).toFixed(1)}M`;
}

/** 0 s, 850 ms, 4.2 s, 12 s, 3 min 05 s, 2 h 10 min. */
export function duration(seconds: number): string {
  if (seconds === 0) return '0 s';
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 120) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${twoDigits(whole % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** Local time of day of an ISO 8601 date; a text that is not a date as it is. */
export function clock(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : date.toLocaleTimeString();
}

export function bytes(value: number): string {
  if (value < 1024 * 1024) return `${Math.ceil(value / 1024)} KiB`;
  if (value < 1024 ** 3) return `${(value / 1024 ** 2).toFixed(1)} MiB`;
  return `${(value / 1024 ** 3).toFixed(1)} GiB`;
}

/** $12.35, $0.1234 below a dollar, < $0.0001, $0. @param value `null`: no price is known. */
export function dollars(value: number | null): string {
  if (value === null) return l10n.t('unknown');
  if (value === 0) return '$0';
  if (value < 0.0001) return '< $0.0001';
  return `$${value.toFixed(value < 1 ? 4 : 2)}`;
}

/** `loss 0.216, margin 0.412`: what a training job measured last, the loss first; empty where that is nothing. */
export function measured(loss: number | null, metrics: Readonly<Record<string, number>>): string {
  const all = [...(loss === null ? [] : [['loss', loss] as const]), ...Object.entries(metrics)];
  return all.map(([name, value]) => `${name} ${value.toFixed(3)}`).join(', ');
}

/** Per cent with one digit: 61.3. */
export function percent(score: number): string {
  return score.toFixed(1);
}

/** What is said of a candidate that was stopped early, behind "it". */
export function whyStopped(unlikely: Unlikely | undefined): string {
  if (unlikely === undefined) return l10n.t('could no longer win');
  const { loss } = unlikely;
  const [chance, points] = [shownShare(100 * unlikely.chance), shownShare(loss)];
  if (loss === 0) return l10n.t('was unlikely ({0} %) to win', chance);
  return loss === 1
    ? l10n.t('was unlikely ({0} %) to win by more than {1} point', chance, points)
    : l10n.t('was unlikely ({0} %) to win by more than {1} points', chance, points);
}

/** Without digits that say nothing: 1, 0.5, 2.25. */
const shownShare = (value: number): string => String(Number(value.toPrecision(3)));

/** A difference in points: +3.0, −2.0, ±0.0. */
export function signed(points: number): string {
  const text = percent(Math.abs(points));
  return text === '0.0' ? '±0.0' : `${points > 0 ? '+' : '−'}${text}`;
}

/** A metric's value of one row: 1, 0, 0.42. @param score `null`: not known. */
export function rowScore(score: number | null): string {
  if (score === null) return '–';
  return Number.isInteger(score) ? String(score) : score.toFixed(2);
}

/** Rows and candidates are numbered from 0 in the log, and from 1 for people. */
export const shownNumber = (place: number): number => place + 1;

/** What program runs are for. */
export const purposeName = l10n.texts<Work>({
  bootstrap: () => l10n.t('bootstrapping'),
  reflect: () => l10n.t('reflection'),
  validate: () => l10n.t('validation'),
  collect: () => l10n.t('collecting traces'),
  rollout: () => l10n.t('rollouts'),
  dev: () => 'dev',
  test: () => 'test',
  train: () => 'train',
  checkpoints: () => l10n.t('checkpoints'),
});

export function capitalized(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/**
 * The baseline has no step's name: the program as it was written. A lattice point has two of such names.
 *
 * @param start what the baseline is called: see `startName`.
 */
export function stepName(prefix: string, start = 'baseline'): string {
  return prefix
    .split(' × ')
    .map((part) => (part === '' ? start : part))
    .join(' × ');
}

/**
 * What a run begins with: the program as it was written, or a state that it was given.
 *
 * @param from where that state was found; `undefined` or `null`: there was none.
 */
export function startName(from: unknown): string {
  return from === undefined || from === null ? 'baseline' : 'start';
}

/** Of the kinds of steps, as logs have them. */
const titles: ReadonlyMap<string, () => string> = new Map([
  ['prompt search', () => l10n.t('prompt search')],
  ['instruction and demo search', () => l10n.t('instruction and demo search')],
  ['reflective search', () => l10n.t('reflective search')],
  ['DSPy optimizer', () => l10n.t('DSPy optimizer')],
  ['own optimizer', () => l10n.t('own optimizer')],
  ['fine-tuning', () => l10n.t('fine-tuning')],
  ['preference optimization', () => l10n.t('preference optimization')],
  ['learning from rewards', () => l10n.t('learning from rewards')],
]);

/** `prompt search`: the title of a kind of step, which logs have in English. */
export const titleText = (title: string): string => titles.get(title)?.() ?? title;

/** `Prompt search`. @param step `null`: what the run began with. @param from as for `startName`, by a name for people. */
export function stepTitle(step: StepInfo | null, from: string | null): string {
  if (step !== null) return capitalized(titleText(step.title));
  return from === null ? l10n.t('The program as it was written') : l10n.t('The program in the state of {0}', from);
}

/** `p.json`, `run 20261123-…`: what a run that was given a state began with. */
export function sourceText(from: string): string {
  const run = /^Run (.*)$/.exec(from)?.[1];
  return run === undefined ? brief(fileName(from)) : l10n.t('run {0}', run);
}

/** `, from p.json`; nothing where a run began with the program as written. */
export function fromText(from: string | undefined): string {
  return from === undefined ? '' : `, ${l10n.t('from {0}', sourceText(from))}`;
}

const fileName = (path: string): string => path.split(/[\\/]/).at(-1)!;

/** `metric: no 4s (m.ts:2)`. @param whole with the whole path of the file, and more of what a model answered. */
export function errorText(
  { kind, message, file, line, cell }: z.infer<typeof userCodeErrorSchema>,
  whole = false,
): string {
  const where = file === undefined ? '' : ` (${placeText({ file: brief(whole ? file : fileName(file)), line, cell })})`;
  return `${kind}: ${brief(message, whole ? 1000 : undefined)}${where}`;
}

/** What a model or a service wrote, on one line and cut where it gets long. */
export function brief(text: string, longest = 300): string {
  const plain = oneLine(text).replaceAll(/ +/g, ' ').trim();
  return plain.length > longest ? `${plain.slice(0, longest - 1)}…` : plain;
}

/** A name in quotes that it cannot end: for sentences in which somebody else chose the name. */
export function quoted(name: string): string {
  return `"${name.replaceAll(/["\\]/g, '\\$&')}"`;
}
