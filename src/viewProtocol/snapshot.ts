/** The picture of a run, and what a person does with it from its page. */
import * as z from 'zod';
import type { Immutable } from '../base/immutable.ts';
import { stopReasonSchema } from '../protocol.ts';
import { activitySchema } from '../view/activity.ts';
import { candidateViewSchema } from '../view/candidate.ts';
import { runVerdictSchema } from '../view/gain.ts';
import { jobViewSchema } from '../view/job.ts';
import { runPictureSchema, stepViewSchema } from '../view/runView.ts';

/** How far a run was when something came about. */
const placeSchema = z.object({
  /** That were paid for. */
  calls: z.number(),
  /** `null`: no price is known. */
  usd: z.number().nullable(),
  /** Of work: see `worked`. */
  seconds: z.number(),
});
export type Place = Immutable<z.infer<typeof placeSchema>>;

/** `null`: not there yet. */
const courseSchema = z.object({
  began: placeSchema.nullable(),
  ended: placeSchema.nullable(),
  /** Its result was scored. */
  dev: placeSchema.nullable(),
  test: placeSchema.nullable(),
});
export type StepCourse = Immutable<z.infer<typeof courseSchema>>;

const candidateSchema = candidateViewSchema.extend({
  /** What it is, in the words of its optimizer: in a word or two, in one line, and by column. */
  name: z.string(),
  brief: z.string(),
  facts: z.array(z.object({ label: z.string(), text: z.string() })),
  /** Where it was finished; `null`: it is not. */
  at: placeSchema.nullable(),
});
export type CandidateRow = Immutable<z.infer<typeof candidateSchema>>;

export const jobSchema = jobViewSchema.extend({
  /** Training step and loss, in order of step; thinned out where there are very many. */
  curve: z.array(z.tuple([z.number(), z.number()])),
  /** The latest, oldest first. */
  events: z.array(z.object({ time: z.string(), message: z.string() })),
});
export type JobRow = Immutable<z.infer<typeof jobSchema>>;

/** A step of the common picture, with what its optimizer says of candidates and what became of its job. */
const stepSchema = stepViewSchema.extend({
  activity: activitySchema.nullable(),
  candidates: z.array(candidateSchema),
  course: courseSchema,
  job: jobSchema.nullable(),
});
export type StepRow = Immutable<z.infer<typeof stepSchema>>;

/**
 * What a person does with the run from its page. The host takes the names of these and nothing else with them: which run
 * it is it knows itself, and the command of the editor that stands behind each asks the person what there is to ask.
 */
export const actSchema = z.enum(['cancel', 'resume', 'prompts', 'compare', 'report', 'export']);
export type Act = z.infer<typeof actSchema>;

/** The whole picture of a run, but its rows, traces and states, which are asked for. */
export const snapshotSchema = runPictureSchema.extend({
  type: z.literal('snapshot'),
  run: z.string(),
  status: z.enum(['running', 'finished', 'stopped', 'crashed']),
  /** False while the log is being read for the first time. */
  complete: z.boolean(),
  /** Counts up with every change: what was asked for earlier may be out of date. */
  version: z.number(),
  asked: z.object({
    program: z.string(),
    strategy: z.string(),
    /** What the run began with, by a name for people; `null`: the program as it was written. */
    from: z.string().nullable(),
    seed: z.number(),
    model: z.string(),
    endpoint: z.string(),
    metric: z.string(),
    /** From this score on (0…1) a row counts as right. */
    threshold: z.number(),
    budget: z.object({
      calls: z.number().nullable(),
      tokens: z.number().nullable(),
      usd: z.number().nullable(),
    }),
  }),
  splits: z.object({ train: z.number(), dev: z.number(), test: z.number().nullable() }).nullable(),
  stopped: z.object({ reason: stopReasonSchema, message: z.string() }).nullable(),
  /** Keys of steps. `null`: not decided yet. */
  best: z.string().nullable(),
  final: z.string().nullable(),
  /** Whether the best state is really better than the baseline; `null`: nothing can be said yet. */
  verdict: runVerdictSchema.nullable(),
  steps: z.array(stepSchema),
  /** What the person called the run and wrote about it; `null`: nothing. */
  name: z.string().nullable(),
  note: z.string().nullable(),
  /** What can be done with it now, in the order of the buttons. */
  acts: z.array(actSchema),
  /** Why part of the run cannot be shown. */
  problem: z.string().nullable(),
});
export type Snapshot = Immutable<z.infer<typeof snapshotSchema>>;
