/**
 * What comes from a host was built beside the user's code, so its shape is checked where it comes in. Values of
 * fields are JSON already, for they came over the wire.
 */
import * as z from 'zod';
import { textOfParts } from '../data/contentParts.ts';
import { programDescriptionSchema } from '../data/program.ts';
import { fieldsSchema } from '../data/fields.ts';
import { contentPartSchema, guideSchema } from '../data/lm.ts';
import type { ChatMessage, LmCall } from '../data/lm.ts';
import type { ProgramDescription } from '../data/program.ts';
import type { ProgramOutcome, TrainingRow } from '../data/trace.ts';
import { programOutcomeSchema } from '../data/trace.ts';
import type { Question } from '../engine/ask.ts';
import type { CodeEvaluation } from '../engine/optimizerCode.ts';
import { sourceForReader } from './sourceForReader.ts';
import {
  gatheredNotebookSchema,
  compiledSchema,
  compileRunSchema,
  compileStateSchema,
  endingSchema,
  evaluationFinishedSchema,
  evaluationStartedSchema,
  loadedOptimizerSchema,
  loadedTeleprompterSchema,
  readsSchema,
} from './protocol.ts';
import type {
  GatheredNotebook,
  CompleteParams,
  DatasetRow,
  EndingParams,
  LoadedOptimizer,
  LoadedTeleprompter,
  ReadsParams,
} from './protocol.ts';

/** Requests outside the trace are reported by the engine, through which they went, not by a host. */
const outcome = programOutcomeSchema.omit({ untraced: true });

const chatMessage = z
  .object({
    role: z.enum(['system', 'user', 'assistant']),
    content: z.union([z.string(), z.array(contentPartSchema)]),
  })
  .transform(({ role, content }): ChatMessage =>
    typeof content === 'string' ? { role, content } : { role, content: textOfParts(content), parts: content },
  );

const prompt = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('chat'),
    messages: z.array(chatMessage),
    opened: z.string().exactOptional(),
  }),
  z.object({ kind: z.literal('text'), prompt: z.string() }),
]);

const lmCall = z.object({
  model: z.string(),
  authors: z.literal(true).exactOptional(),
  endpoint: z.string().exactOptional(),
  prompt,
  stop: z.array(z.string()),
  guide: guideSchema.exactOptional(),
  sampling: z
    .object({
      temperature: z.number().nullable().exactOptional(),
      topP: z.number().nullable().exactOptional(),
      maxTokens: z.number().exactOptional(),
    })
    .exactOptional(),
});

const sample = z.object({ rolloutId: z.string().nullable(), repeat: z.int().nonnegative() });

const complete = z.object({ run: z.number(), call: lmCall, metric: z.boolean(), sample: sample.exactOptional() });

const question = z.object({
  prompt,
  sampling: z.object({ temperature: z.number().min(0).max(2), maxTokens: z.int().positive() }),
});

const evaluation = z.object({
  state: z.unknown(),
  rows: z.array(z.int().nonnegative()),
  about: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).exactOptional(),
});

const datasets = z.array(
  z.array(
    z.object({
      fields: fieldsSchema,
      inputs: z.array(z.string()).exactOptional(),
      hash: z.string().exactOptional(),
      classHash: z.string().exactOptional(),
    }),
  ),
);

const rows = z.array(z.object({ predictor: z.string(), prompt, completion: z.string(), end: z.string().nullable() }));

export const hostErrorSchema = z.object({
  kind: z.enum(['load', 'program', 'metric', 'range', 'internal']),
  file: z.string().optional(),
  line: z.number().optional(),
  cell: z.number().optional(),
  stack: z.string().optional(),
});

/** @throws an error that names the field when the host does not keep to the protocol: a bug, not the user's. */
export function readOutcome(value: unknown): ProgramOutcome {
  return checked(outcome, value, 'an outcome');
}

/** @throws like `readOutcome` */
export function readComplete(value: unknown): CompleteParams {
  return checked(complete, value, 'an LM call');
}

/** @throws like `readOutcome` */
export function readReads(value: unknown): ReadsParams {
  return checked(readsSchema, value, 'what was read');
}

/** @throws like `readOutcome` */
export function readEnding(value: unknown): EndingParams {
  return checked(endingSchema, value, 'a reason to end');
}

/** @throws like `readOutcome` */
export function readLmCall(value: unknown): LmCall {
  return checked(lmCall, value, 'an LM call');
}

/** @throws like `readOutcome` */
export function readDescription(value: unknown): ProgramDescription {
  const description = checked(programDescriptionSchema, value, 'a description of the program');
  const { source } = description;
  return source === undefined ? description : { ...description, source: sourceForReader(source) };
}

/** @throws like `readOutcome` */
export function readDatasets(value: unknown): readonly (readonly DatasetRow[])[] {
  return checked(datasets, value, 'rows of data');
}

/** @throws like `readOutcome` */
export function readGathered(value: unknown): readonly GatheredNotebook[] {
  return checked(z.array(gatheredNotebookSchema), value, 'what is gathered of notebooks');
}

/** @throws like `readOutcome` */
export function readRows(value: unknown): readonly TrainingRow[] {
  return checked(rows, value, 'training rows');
}

/** @throws like `readOutcome` */
export function readLoadedOptimizer(value: unknown): LoadedOptimizer {
  return checked(loadedOptimizerSchema, value, 'an optimizer');
}

/** @throws like `readOutcome` */
export function readQuestion(value: unknown): Question {
  return checked(question, value, 'a question');
}

/** @throws like `readOutcome` */
export function readEvaluation(value: unknown): CodeEvaluation {
  return checked(evaluation, value, 'a state to score');
}

/** @throws like `readOutcome` */
export function readLoadedTeleprompter(value: unknown): LoadedTeleprompter {
  return checked(loadedTeleprompterSchema, value, 'an optimizer');
}

/** @throws like `readOutcome` */
export function readCompiled(value: unknown): z.infer<typeof compiledSchema> {
  return checked(compiledSchema, value, 'a compiled program');
}

/** @throws like `readOutcome` */
export function readCompileState(value: unknown): z.infer<typeof compileStateSchema> {
  return checked(compileStateSchema, value, 'a state');
}

/** @throws like `readOutcome` */
export function readEvaluationStarted(value: unknown): z.infer<typeof evaluationStartedSchema> {
  return checked(evaluationStartedSchema, value, 'an evaluation');
}

/** @throws like `readOutcome` */
export function readEvaluationFinished(value: unknown): z.infer<typeof evaluationFinishedSchema> {
  return checked(evaluationFinishedSchema, value, 'the end of an evaluation');
}

/** @throws like `readOutcome` */
export function readCompileRun(value: unknown): z.infer<typeof compileRunSchema> {
  return checked(compileRunSchema, value, 'a program run');
}

/** A message that is not what the protocol says: a bug of ours, or user code that writes to our pipe. */
class BrokenProtocol extends Error {
  override readonly name = 'BrokenProtocol';
}

function checked<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BrokenProtocol(
    `The program host broke its protocol: ${what} that is none: ${z.prettifyError(parsed.error)}`,
  );
}
