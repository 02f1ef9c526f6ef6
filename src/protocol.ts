/**
 * What the run process, the command line, the editor and the webview say to each other: the events of a run
 * (`events.jsonl`, one a line) and its result. The log is the truth: every view is a fold over it. Others read both, so
 * what is here stays: docs/contracts.md.
 */
import * as z from 'zod';
import { programStateSchema } from './data/program.ts';
import {
  amountSchema,
  countSchema,
  lossSchema,
  measureSchema,
  metricsSchema,
  trainedTokensSchema,
} from './base/counts.ts';
import { rowsAtMost, shownCharactersAtMost, strategyStepsAtMost } from './base/limits.ts';
import { userCodeErrorSchema } from './data/trace.ts';

/** Of rows, candidates and the like; views keep what is numbered so. */
const rowNumber = z.int().nonnegative().max(rowsAtMost);
const seedNumber = z.int();
const share = z.number();

export const usageSchema = z.object({
  /** Requests that were paid for. */
  calls: amountSchema,
  /** Calls that the memo answered. */
  cached: amountSchema,
  /** `null`: the endpoint does not report tokens. */
  inputTokens: amountSchema.nullable(),
  outputTokens: amountSchema.nullable(),
  /** `null`: no price is known. */
  usd: amountSchema.nullable(),
});
export type Usage = z.infer<typeof usageSchema>;

/** A score in per cent with a 95 % interval, `n` rows. */
export const scoreSchema = z.object({
  score: z.number(),
  low: z.number(),
  high: z.number(),
  n: countSchema,
  /** Rows whose program run ended in an error of the user's code or an unreadable answer. */
  failed: countSchema,
});
export type Score = z.infer<typeof scoreSchema>;

/** How far a state is from the baseline on the same rows (`data/pairedDifference.ts`), in points of per cent. */
export const differenceSchema = z.object({
  points: z.number(),
  /** 95 % interval. */
  low: z.number(),
  high: z.number(),
  /** Rows, and those of them that score otherwise than in the baseline. */
  n: countSchema,
  differing: countSchema,
});

const shortText = z.string().max(200);
/** Of a candidate; views make a column of each. */
const factsAtMost = 12;
/** Of a candidate: a merge has two. */
const parentsAtMost = 2;

/** A step of a strategy, as its optimizer presents it. */
export const stepInfoSchema = z.object({
  /** As the strategy spells it. */
  name: shortText,
  /** Of the optimizer. */
  kind: shortText,
  /** `prompt search` */
  title: shortText,
  changes: z.enum(['prompts', 'weights']),
});
export type StepInfo = z.infer<typeof stepInfoSchema>;

/** What an optimizer notes of a candidate besides its state and its score; the optimizer says it in words (`tell`). */
export const candidateFactsSchema = z
  .record(shortText, z.union([z.string().transform((text) => text.slice(0, 1000)), z.number(), z.boolean(), z.null()]))
  .transform((facts) => Object.fromEntries(Object.entries(facts).slice(0, factsAtMost)));
export type CandidateFacts = z.infer<typeof candidateFactsSchema>;
/** What a program run was for. */
export const purposeSchema = z.enum(['bootstrap', 'reflect', 'validate', 'collect', 'rollout', 'dev', 'test', 'train']);
export type Purpose = z.infer<typeof purposeSchema>;
/** Why a run stopped: `budget`, `endpoint` and `cancelled` can be resumed. */
export const stopReasonSchema = z.enum(['budget', 'endpoint', 'cancelled', 'failed']);
export type StopReason = z.infer<typeof stopReasonSchema>;
/** Of the step's optimizer. */
const kind = shortText;
const split = z.enum(['train', 'dev', 'test']);
/** The prefix of the strategy that a step completes: 'p -> w'; '' is the baseline. */
const prefix = z.string().max(shownCharactersAtMost);

export const candidateStartedSchema = z.object({
  type: z.literal('candidate.started'),
  prefix,
  candidate: rowNumber,
  state: z.string(),
  /** The candidates of this step that it was made from; left out where it was made from none. */
  parents: z.array(rowNumber).max(parentsAtMost).exactOptional(),
  about: candidateFactsSchema,
});

/** Earlier versions wrote what is now under `about` beside it. */
export function withAbout(event: unknown): unknown {
  if (typeof event !== 'object' || event === null || 'about' in event) return event;
  if (!('type' in event) || event.type !== 'candidate.started') return event;
  const entries = Object.entries(event);
  const isAbout = ([key]: readonly [string, unknown]) => factsBefore.has(key);
  return {
    ...Object.fromEntries(entries.filter((entry) => !isAbout(entry))),
    about: Object.fromEntries(entries.filter(isAbout)),
  };
}
const factsBefore = new Set(['source', 'seed', 'demos', 'attempts', 'correct', 'speculative']);

/** A candidate was stopped because it is unlikely to be better than the winner by more than a race may lose. */
export const unlikelySchema = z.object({
  /** Rows it was judged by; others may have been scored ahead. */
  after: countSchema,
  /** The probability that the winner is more than `loss` below the best, at most. */
  chance: share,
  /** In points of 100. */
  loss: share,
});
export type Unlikely = z.infer<typeof unlikelySchema>;

export const candidateFinishedSchema = z.object({
  type: z.literal('candidate.finished'),
  prefix,
  candidate: rowNumber,
  /** `null`: stopped early, it could no longer win, or was unlikely to. */
  score: scoreSchema.nullable(),
  scored: countSchema,
  of: countSchema,
  /** Stopped in a race; left out where it could no longer win at all. */
  unlikely: unlikelySchema.exactOptional(),
});

/** What came of asking for a better instruction: one to try on a minibatch, or one of several to choose from. */
export const proposalSchema = z.object({
  type: z.literal('proposal'),
  prefix,
  /** From 0, in the order in which the step tried. */
  proposal: rowNumber,
  /** The candidates it started from. */
  parents: z.array(rowNumber).max(parentsAtMost),
  /** Whose instruction was to change; `null`: those of several, put together of the parents'. */
  predictor: z.string().nullable(),
  /** `refused`: what the LM proposed is no instruction; `rejected`: it did no better; `stopped`: it did, but could
   * not become the best any more; `perfect`: nothing was left to learn; `proposed`: it is there to choose from, and is not
   * tried on a minibatch of its own. */
  end: z.enum(['accepted', 'rejected', 'stopped', 'refused', 'perfect', 'proposed']),
  /** Why it was refused. */
  reason: shortText.exactOptional(),
  /** Mean scores on the minibatch, each from 0 to 1; left out where there was none. */
  before: share.exactOptional(),
  after: share.exactOptional(),
});

/** A policy was updated once, or there was nothing to learn: by rollouts that were rewarded, and a training job. */
export const policyUpdatedSchema = z.object({
  type: z.literal('policy.updated'),
  prefix,
  /** From 1, of so many. */
  update: countSchema,
  updates: countSchema,
  /** Mean score of the rollouts, in per cent. */
  reward: z.number(),
  /** Groups of calls whose rewards differ, which were learned from. */
  groups: countSchema,
  /** Groups whose rewards are all alike: they teach nothing. */
  withoutDifference: countSchema,
  /** Answers that the job learned from; 0: there was no job. */
  rows: countSchema,
  /** Calls of the rollouts, and those of them whose answer was unreadable: these make no row. */
  calls: countSchema,
  unreadable: countSchema,
  /** Mean tokens of an answer; left out where the endpoint reports none. */
  answerTokens: amountSchema.exactOptional(),
  /**
   * Mean distance of the policy to the one that sampled, over the tokens of the update, as its trainer reports it, an
   * estimate that may be below 0; `null`: it does not, or the job was remembered by a version before metrics were kept. Left out where
   * there was no job, and by versions before it was told.
   */
  kl: measureSchema.nullable().exactOptional(),
  /** The training set as it was sent; left out where there was no job. */
  file: z.string().exactOptional(),
  /** The policy's served name from now on. */
  model: z.string(),
});

/** Events as the engine makes them; the log adds `v`, `seq` and `time`. */
export const runEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run.started'),
    run: z.string(),
    program: z.string(),
    strategy: prefix,
    /** The strategy's steps in order; left out in runs of versions that had p and w alone. */
    steps: z.array(stepInfoSchema).max(strategyStepsAtMost).exactOptional(),
    seed: seedNumber,
    endpoint: z.string(),
    model: z.string(),
    splits: z.object({ train: rowNumber, dev: rowNumber, test: rowNumber.nullable() }),
    predictors: z.array(z.string()),
    resumed: z.boolean(),
    /** Where the state that the run was asked to start from was found: a file, or `Run <id>`. */
    from: z.string().exactOptional(),
  }),
  z.object({
    type: z.literal('step.started'),
    prefix,
    kind,
    index: countSchema,
    examples: countSchema,
    /** A search: how many candidates it tries, where that is known beforehand, and on how many rows it chooses. */
    search: z.object({ candidates: countSchema.exactOptional(), validation: countSchema }).optional(),
  }),
  candidateStartedSchema,
  z.object({
    type: z.literal('example'),
    prefix,
    /** `null`: an evaluation of the step's own result. */
    candidate: rowNumber.nullable(),
    purpose: purposeSchema,
    example: rowNumber,
    round: countSchema,
    /** As a share of the metric's range, 0 to 1. */
    score: share,
    cached: z.boolean(),
    seconds: amountSchema,
    error: userCodeErrorSchema.optional(),
  }),
  candidateFinishedSchema,
  proposalSchema,
  z.object({
    type: z.literal('rows.collected'),
    prefix,
    tried: countSchema,
    correct: countSchema,
    rows: countSchema,
    byPredictor: z.record(z.string(), countSchema),
    file: z.string(),
  }),
  policyUpdatedSchema,
  z.object({ type: z.literal('job.intended'), prefix, hash: z.string(), parent: z.string(), rows: countSchema }),
  z.object({ type: z.literal('job.submitted'), prefix, hash: z.string(), job: z.string(), adopted: z.boolean() }),
  z.object({
    type: z.literal('job.progress'),
    prefix,
    job: z.string(),
    message: z.string(),
    step: countSchema.optional(),
    steps: countSchema.optional(),
    epoch: amountSchema.optional(),
    loss: lossSchema.optional(),
    /** What the method measures beside the loss, by name. */
    metrics: metricsSchema.optional(),
  }),
  z.object({
    type: z.literal('job.finished'),
    prefix,
    hash: z.string(),
    job: z.string().nullable(),
    model: z.string(),
    /** True when the model was trained by an earlier run and still answers. */
    cached: z.boolean(),
    trainedTokens: trainedTokensSchema.optional(),
    seconds: amountSchema,
  }),
  z.object({ type: z.literal('job.failed'), prefix, hash: z.string(), job: z.string().nullable(), error: z.string() }),
  z.object({
    type: z.literal('step.finished'),
    prefix,
    kind,
    state: z.string(),
    /** The candidate that was chosen. */
    candidate: rowNumber.nullable(),
    seconds: amountSchema,
    usage: usageSchema,
  }),
  z.object({
    type: z.literal('step.skipped'),
    prefix,
    kind,
    reason: z.string(),
    /** What it took to find out; absent where the step was not begun. */
    seconds: amountSchema.optional(),
    usage: usageSchema.optional(),
  }),
  z.object({
    type: z.literal('evaluated'),
    prefix,
    split,
    score: scoreSchema,
    /** Row by row against the baseline on this split; left out of the baseline itself and by earlier versions. */
    gain: differenceSchema.exactOptional(),
    seconds: amountSchema,
    usage: usageSchema,
  }),
  z.object({
    type: z.literal('usage'),
    usage: usageSchema,
    /** What counts against the caps: every number known, what was not reported at its worst. */
    spent: z.object({ calls: amountSchema, tokens: amountSchema, usd: amountSchema }).optional(),
  }),
  z.object({ type: z.literal('warning'), message: z.string() }),
  z.object({
    type: z.literal('run.stopped'),
    reason: stopReasonSchema,
    message: z.string(),
  }),
  z.object({ type: z.literal('run.finished'), result: z.lazy(() => resultSchema) }),
]);
export type RunEvent = z.infer<typeof runEventSchema>;

/** What the log adds to an event, with the event's type, which a later version may know alone. */
export const logStampSchema = z.object({
  v: z.literal(1),
  seq: countSchema,
  time: z.string().max(40),
  type: z.string(),
});

/** A line of `events.jsonl`. */
export const loggedEventSchema = z.preprocess(
  withAbout,
  z.intersection(logStampSchema.omit({ type: true }), runEventSchema),
);
export type LoggedEvent = z.infer<typeof loggedEventSchema>;
/** The events of one type, or of several. */
export type EventOf<T extends LoggedEvent['type']> = Extract<LoggedEvent, { type: T }>;

const prefixScores = z.object({
  dev: z.number().nullable(),
  test: z.number().nullable(),
  /** Why there is no score: the step, or one before it, had nothing to train on. */
  reason: z.string().optional(),
});

/** The last line of `optimize --json` and the whole of `show --json`. */
export const resultSchema = z.object({
  type: z.literal('result'),
  run: z.string(),
  program: z.string(),
  strategy: z.string(),
  seed: z.number(),
  /** Per cent, by prefix of the strategy; '' is the baseline. */
  scores: z.record(z.string(), prefixScores),
  /** The key of the state the paper's algorithm returns: the last one reached. */
  final: z.string(),
  /** The key with the best dev score; the earlier wins ties. */
  best: z.string(),
  /** The state under `final`. */
  state: programStateSchema,
  usage: usageSchema,
  seconds: amountSchema,
});
export type RunResult = z.infer<typeof resultSchema>;
