/** The scores of a run as points over what they took. Pure. */
import * as l10n from '../src/base/l10n.ts';
import type { Score } from '../src/protocol.ts';
import type { Place, Snapshot, StepRow } from '../src/viewProtocol/snapshot.ts';
import { percent, shownNumber, startName, stepName } from '../src/view/words.ts';
import { bestOf } from '../src/view/candidateEnd.ts';
import { bestName } from './candidateWords.ts';
import { scales, scaleText } from './scales.ts';
import type { Scale } from './scales.ts';

/** What a click on the chart can mean. */
export interface Picked {
  readonly step: string;
  /** From 0; `null`: the step itself. */
  readonly candidate: number | null;
}

export interface ScorePoint extends Picked {
  readonly kind: 'dev' | 'test' | 'candidate';
  readonly chosen: boolean;
  readonly x: number;
  /** Per cent, with a 95 % interval. */
  readonly y: number;
  readonly low: number;
  readonly high: number;
  /** What it is. */
  readonly name: string;
  /** The same with its numbers. */
  readonly text: string;
}

/** A step, from where it began to where it ended. */
export interface Band {
  readonly step: string;
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export interface ScoreChartData {
  readonly scale: Scale;
  /** In the order in which they came about, of each kind. */
  readonly points: readonly ScorePoint[];
  readonly bands: readonly Band[];
}

/** Scales that every point has a number on, and that tell points apart. */
export function scalesOf(snapshot: Snapshot): readonly Scale[] {
  return scales.filter((scale) => {
    const all = snapshot.steps.flatMap(placesOf).map((place) => place[scale]);
    return all.every((value) => value !== null) && new Set(all).size > 1;
  });
}

export function scoreChartData(snapshot: Snapshot, scale: Scale): ScoreChartData {
  const points = snapshot.steps.flatMap((step) => pointsOf(step, scale, snapshot));
  return { scale, points, bands: bandsOf(snapshot, scale, Math.max(0, ...points.map(({ x }) => x))) };
}

function placesOf({ course: { began, ended, dev, test }, candidates }: StepRow): readonly Place[] {
  return [began, ended, dev, test, ...candidates.map(({ at }) => at)].filter((place) => place !== null);
}

function pointsOf(step: StepRow, scale: Scale, { asked }: Snapshot): readonly ScorePoint[] {
  const { prefix, candidates, course, evaluations } = step;
  const name = stepName(prefix, startName(asked.from));
  const best = bestOf(step);
  const results = (['dev', 'test'] as const).flatMap((kind) => {
    const score = evaluations[kind]?.score;
    const about = { kind, step: prefix, candidate: null, chosen: false, name: `${name}, ${kind}` };
    return score === undefined ? [] : pointOf(score, course[kind], scale, about);
  });
  const tried = candidates.flatMap(({ candidate, name: what, score, at }) => {
    const chosen = candidate === best;
    const all = [name, l10n.t('candidate {0}', shownNumber(candidate)), what, chosen ? bestName(step) : '']
      .filter(Boolean)
      .join(', ');
    const about = { kind: 'candidate', step: prefix, candidate, chosen, name: all } as const;
    return score === null ? [] : pointOf(score, at, scale, about);
  });
  return [...tried, ...results];
}

function pointOf(
  { score, low, high }: Pick<Score, 'score' | 'low' | 'high'>,
  place: Place | null,
  scale: Scale,
  about: Omit<ScorePoint, 'x' | 'y' | 'low' | 'high' | 'text'>,
): readonly ScorePoint[] {
  const x = place?.[scale] ?? null;
  if (x === null) return [];
  const where = scaleText[scale](x);
  const range = l10n.t('{0} to {1}', percent(low), percent(high));
  const after = scale === 'calls' ? l10n.t('after {0} calls', where) : l10n.t('after {0}', where);
  const text = `${about.name}: ${percent(score)} % (${range}) ${after}`;
  return [{ ...about, x, y: score, low, high, text }];
}

/** @param end of what there is so far: a step that is at work goes on to there. */
function bandsOf({ steps, asked }: Snapshot, scale: Scale, end: number): readonly Band[] {
  return steps.flatMap(({ prefix, step, course: { began, ended } }) => {
    const from = began?.[scale] ?? null;
    if (step === null || from === null) return [];
    return [{ step: prefix, name: stepName(prefix, startName(asked.from)), from, to: ended?.[scale] ?? end }];
  });
}
