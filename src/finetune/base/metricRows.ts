/** Training metrics as services record them: one row a step, under the names of Weights & Biases or plain ones. */
import * as z from 'zod';
import type { JobEvent } from '../../engine/interfaces.ts';
import { progressIn, progressWords } from './progress.ts';

/** A row of metrics. */
export const metricRowSchema = z.record(z.string(), z.unknown());
export type MetricRow = z.infer<typeof metricRowSchema>;

const names = {
  step: ['step', 'global_step', 'train/global_step', 'train/step', '_step'],
  steps: ['total_steps', 'max_steps', 'train/total_steps'],
  epoch: ['epoch', 'train/epoch'],
  loss: ['loss', 'train_loss', 'train/loss', 'train/train_loss'],
  time: ['timestamp', '_timestamp', 'logged_at', 'created_at'],
} as const;

const firstOf = (row: MetricRow, keys: readonly string[]): unknown =>
  keys.map((key) => row[key]).find((value) => value !== undefined && value !== null);

/** The rows as a job's events, one a step; rows without a step, as of evaluations, are left out. */
export function metricEvents(rows: readonly MetricRow[]): readonly JobEvent[] {
  const events = new Map<number, JobEvent>();
  for (const row of rows) {
    const progress = progressIn({
      step: firstOf(row, names.step),
      steps: firstOf(row, names.steps),
      epoch: firstOf(row, names.epoch),
      loss: firstOf(row, names.loss),
    });
    const { step, loss } = progress;
    if (step === undefined || loss === undefined || events.has(step)) continue;
    const message = progressWords(progress, 'training');
    events.set(step, { id: `step ${step}`, time: timeOf(firstOf(row, names.time)), message, ...progress });
  }
  return [...events.values()].sort((a, b) => a.step! - b.step!);
}

/** Milliseconds since 1970, of seconds, milliseconds or a date in text; 0 where none is given. */
function timeOf(value: unknown): number {
  const number = typeof value === 'string' && Number.isNaN(Number(value)) ? Date.parse(value) : Number(value);
  if (!Number.isFinite(number)) return 0;
  return number > 1e11 ? number : number * 1000;
}
