import * as z from 'zod';
import type { LmCall } from '../data/lm.ts';
import type { ProgramDescription } from '../data/program.ts';
import type { ProgramOutcome, TrainingRow } from '../data/trace.ts';
import type { CompleteParams } from './protocol.ts';

/**
 * What comes from a host was built beside the user's code, so its shape is checked where it comes in. Values of
 * fields are JSON already, for they came over the wire.
 */
const fields = z.record(z.string(), z.unknown());

const usage = z.object({ inputTokens: z.number(), cachedInputTokens: z.number(), outputTokens: z.number() });

const traceCall = z.object({
  predictor: z.string(),
  inputs: fields,
  outputs: fields.nullable(),
  error: z.string().optional(),
  lm: z.array(
    z.object({
      finishReason: z.enum(['stop', 'length', 'content_filter', 'other']),
      usage: usage.nullable(),
      key: z.string(),
      model: z.string(),
      cached: z.boolean(),
      seconds: z.number(),
    }),
  ),
  path: z.array(z.string()),
  start: z.number(),
  seconds: z.number(),
});

const outcome = z.object({
  prediction: fields.nullable(),
  score: z.number(),
  error: z
    .object({
      kind: z.enum(['parse', 'program', 'metric', 'timeout', 'crash', 'rejected']),
      message: z.string(),
      file: z.string().optional(),
      line: z.number().optional(),
    })
    .optional(),
  trace: z.array(traceCall),
  seconds: z.number(),
});

const prompt = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('chat'),
    messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })),
    opened: z.string().optional(),
  }),
  z.object({ kind: z.literal('text'), prompt: z.string() }),
]);

const lmCall = z.object({
  model: z.string(),
  prompt,
  stop: z.array(z.string()),
  guide: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('choice'), choices: z.array(z.string()) }),
      z.object({ kind: z.literal('jsonSchema'), name: z.string(), schema: fields }),
      z.object({ kind: z.literal('jsonObject') }),
    ])
    .optional(),
  sampling: z
    .object({ temperature: z.number().optional(), topP: z.number().optional(), maxTokens: z.number().optional() })
    .optional(),
});

const complete = z.object({ run: z.number(), call: lmCall, metric: z.boolean() });

const fieldDescription = z.object({
  name: z.string(),
  type: z.looseObject({ kind: z.string() }),
  prefix: z.string(),
  description: z.string(),
});

const description = z.object({
  name: z.string(),
  language: z.enum(['typescript', 'python']),
  predictors: z.array(
    z.object({
      name: z.string(),
      signature: z.object({
        instructions: z.string(),
        inputs: z.array(fieldDescription),
        outputs: z.array(fieldDescription),
      }),
      demos: z.array(z.object({ fields, augmented: z.boolean() })),
      frozen: z.boolean(),
      source: z.object({ file: z.string(), line: z.number() }).optional(),
    }),
  ),
  sources: z.record(z.string(), z.string()),
});

const rows = z.array(z.object({ predictor: z.string(), prompt, completion: z.string(), end: z.string().nullable() }));

export const hostErrorSchema = z.object({
  kind: z.enum(['load', 'program', 'metric', 'range', 'internal']),
  file: z.string().optional(),
  line: z.number().optional(),
  stack: z.string().optional(),
});

/** @throws ZodError when the host does not keep to the protocol: a bug, not the user's. */
export function readOutcome(value: unknown): ProgramOutcome {
  return outcome.parse(value) as ProgramOutcome;
}

/** @throws ZodError */
export function readComplete(value: unknown): Omit<CompleteParams, 'call'> & { readonly call: LmCall } {
  return complete.parse(value) as CompleteParams;
}

/** @throws ZodError */
export function readDescription(value: unknown): ProgramDescription {
  return description.parse(value) as ProgramDescription;
}

/** @throws ZodError */
export function readRows(value: unknown): readonly TrainingRow[] {
  return rows.parse(value) as readonly TrainingRow[];
}
