/** A run as a row of the table of all runs, what can be done with those that are ticked, and in which words. Pure. */
import * as l10n from '../base/l10n.ts';
import * as z from 'zod';
import type { Immutable } from '../base/immutable.ts';
import { differenceSchema, scoreSchema } from '../protocol.ts';
import type { StopReason } from '../protocol.ts';
import { gainText, verdictOf } from './gain.ts';
import { count, signed } from './words.ts';

export const runStatuses = ['running', 'finished', 'stopped', 'crashed'] as const;

/** As people read them. */
export const runStatusWord = l10n.texts<(typeof runStatuses)[number]>({
  running: () => l10n.t('running'),
  finished: () => l10n.t('finished'),
  stopped: () => l10n.t('stopped'),
  crashed: () => l10n.t('crashed'),
});

const stopReason = l10n.texts<StopReason>({
  budget: () => l10n.t({ message: 'budget', comment: ['Why a run stopped: its cap'] }),
  endpoint: () => l10n.t({ message: 'endpoint', comment: ['Why a run stopped'] }),
  cancelled: () => l10n.t({ message: 'cancelled', comment: ['Why a run stopped'] }),
  failed: () => l10n.t({ message: 'failed', comment: ['Why a run stopped'] }),
});

/** `Stopped (budget): …`. @param message of the run's process. */
export function stoppedText({ reason, message }: { readonly reason: StopReason; readonly message: string }): string {
  return l10n.t('Stopped ({0}): {1}', stopReason[reason], message);
}

/** As people read how a cell of a comparison stands. */
export const cellStatusWord = l10n.texts({
  waiting: () => l10n.t('waiting'),
  running: () => l10n.t('running'),
  done: () => l10n.t('done'),
  stopped: () => l10n.t('stopped'),
  failed: () => l10n.t('failed'),
});

/** What the best state gained over what the run began with. */
const rowGainSchema = z.object({
  /** Test where it was scored on test: the best on dev is best there by luck too. */
  split: z.enum(['dev', 'test']),
  /** Of per cent. */
  points: z.number(),
  /** The same row by row, with its 95 % interval; `null`: the log does not say. */
  difference: differenceSchema.nullable(),
});

export const runRowSchema = z.object({
  /** The run's folder, absolute: ids are unique within one folder of a window. */
  key: z.string(),
  id: z.string(),
  /** The folder of the workspace that it belongs to, absolute. */
  root: z.string(),
  /** That folder's name; `null` in a window that has only one. */
  folder: z.string().nullable(),
  /** As people call it. */
  name: z.string(),
  program: z.string(),
  strategy: z.string(),
  model: z.string(),
  endpoint: z.string(),
  seed: z.number(),
  status: z.enum(runStatuses),
  /** What it is at; `null`: no process works on it. */
  atWork: z.string().nullable(),
  madeHere: z.boolean(),
  /** The state with the best dev score, by name; `null`: nothing is scored yet. */
  best: z.string().nullable(),
  /** Of that state. */
  dev: scoreSchema.nullable(),
  test: scoreSchema.nullable(),
  gain: rowGainSchema.nullable(),
  /** That were paid for, and answers out of the memo. */
  calls: z.number(),
  cached: z.number(),
  /** `null`: no price is known. */
  usd: z.number().nullable(),
  /** Of work. */
  seconds: z.number().nullable(),
  /** ISO 8601, and where the person is. */
  created: z.string(),
  date: z.string(),
  note: z.string(),
});
export type RunRow = Immutable<z.infer<typeof runRowSchema>>;
export type RowGain = NonNullable<RunRow['gain']>;

/** `+20.0 (−0.9 to +40.9, may be chance) on test`. */
export function rowGainText({ split, points, difference }: RowGain): string {
  return l10n.t('{0} on {1}', difference === null ? signed(points) : gainText(difference), split);
}

/** What the verdict on a gain looks like; without an interval nothing is said. */
export function rowGainClass({ difference }: RowGain): 'good' | 'bad' | 'muted' {
  const verdict = difference === null ? 'unclear' : verdictOf(difference);
  return verdict === 'unclear' ? 'muted' : verdict === 'better' ? 'good' : 'bad';
}

/** What is done with the runs that are ticked. */
export const tableActs = ['compare', 'report', 'delete'] as const;
export type TableAct = (typeof tableActs)[number];

/** No screen has room for more side by side. */
export const comparedAtMost = 12;
export const differentFolders = (): string =>
  l10n.t('Runs of different folders cannot be compared: they answered different questions.');

type Acted = Pick<RunRow, 'root' | 'status' | 'name'>;

/** Why it cannot be done with these runs, for people; `null`: it can. */
export function whyNot(act: TableAct, runs: readonly Acted[]): string | null {
  switch (act) {
    case 'compare':
      return whyNotCompared(runs);
    case 'report':
      return runs.length === 1 ? null : l10n.t('A report is of one run: tick one.');
    case 'delete':
      return whyNotDeleted(runs);
  }
}

function whyNotCompared(runs: readonly Acted[]): string | null {
  if (runs.length < 2) return l10n.t('Tick two runs or more to compare them.');
  if (runs.length > comparedAtMost) {
    return l10n.t('At most {0} runs are compared side by side; {1} are ticked.', comparedAtMost, runs.length);
  }
  if (new Set(runs.map(({ root }) => root)).size === 1) return null;
  return differentFolders();
}

function whyNotDeleted(runs: readonly Acted[]): string | null {
  if (runs.length === 0) return l10n.t('Tick the runs to delete.');
  const working = runs.filter(({ status }) => status === 'running');
  if (working.length === 0) return null;
  return working.length === 1
    ? l10n.t('{0} is at work. Cancel it first.', working[0]!.name)
    : l10n.t('{0} runs of these are at work. Cancel them first.', count(working.length));
}
