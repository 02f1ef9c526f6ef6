import * as z from 'zod';
import { textOfParts } from '../data/contentParts.ts';
import type { ChatMessage, LmCall } from '../data/lm.ts';
import type { ProgramDescription } from '../data/program.ts';
import type { ProgramOutcome, TrainingRow } from '../data/trace.ts';
import type { CompleteParams, DatasetRow } from './protocol.ts';

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
      endpoint: z.string().exactOptional(),
      cached: z.boolean(),
      seconds: z.number(),
    }),
  ),
  path: z.array(z.string()),
  start: z.number(),
  seconds: z.number(),
});

const retrieval = z.object({
  retriever: z.string(),
  query: z.string(),
  k: z.number().exactOptional(),
  passages: z.array(z.string()),
  error: z.string().exactOptional(),
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
  retrievals: z.array(retrieval).exactOptional(),
  seconds: z.number(),
});

const contentPart = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({
    type: z.literal('image_url'),
    image_url: z.object({ url: z.string(), detail: z.string().exactOptional() }),
  }),
]);

const chatMessage = z
  .object({
    role: z.enum(['system', 'user', 'assistant']),
    content: z.union([z.string(), z.array(contentPart)]),
  })
  .transform(({ role, content }): ChatMessage =>
    typeof content === 'string' ? { role, content } : { role, content: textOfParts(content), parts: content },
  );

const prompt = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('chat'),
    messages: z.array(chatMessage),
    opened: z.string().optional(),
  }),
  z.object({ kind: z.literal('text'), prompt: z.string() }),
]);

const lmCall = z.object({
  model: z.string(),
  authors: z.literal(true).optional(),
  endpoint: z.string().exactOptional(),
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
      model: z.string().optional(),
      endpoint: z.string().exactOptional(),
      source: z.object({ file: z.string(), line: z.number() }).optional(),
    }),
  ),
  saved: z.record(z.string(), fields).exactOptional(),
  sources: z.record(z.string(), z.string()),
});

const datasets = z.array(z.array(z.object({ fields, inputs: z.array(z.string()).exactOptional() })));

const rows = z.array(z.object({ predictor: z.string(), prompt, completion: z.string(), end: z.string().nullable() }));

export const hostErrorSchema = z.object({
  kind: z.enum(['load', 'program', 'metric', 'range', 'internal']),
  file: z.string().optional(),
  line: z.number().optional(),
  stack: z.string().optional(),
});

/** @throws an error that names the field when the host does not keep to the protocol: a bug, not the user's. */
export function readOutcome(value: unknown): ProgramOutcome {
  return checked(outcome, value, 'an outcome') as ProgramOutcome;
}

/** @throws like `readOutcome` */
export function readComplete(value: unknown): Omit<CompleteParams, 'call'> & { readonly call: LmCall } {
  return checked(complete, value, 'an LM call') as CompleteParams;
}

/** @throws like `readOutcome` */
export function readLmCall(value: unknown): LmCall {
  return checked(lmCall, value, 'an LM call') as LmCall;
}

/** @throws like `readOutcome` */
export function readDescription(value: unknown): ProgramDescription {
  return checked(description, value, 'a description of the program') as ProgramDescription;
}

/** @throws like `readOutcome` */
export function readDatasets(value: unknown): readonly (readonly DatasetRow[])[] {
  return checked(datasets, value, 'rows of data') as readonly (readonly DatasetRow[])[];
}

/** @throws like `readOutcome` */
export function readRows(value: unknown): readonly TrainingRow[] {
  return checked(rows, value, 'training rows') as readonly TrainingRow[];
}

function checked<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(`The program host broke its protocol: ${what} that is none: ${z.prettifyError(parsed.error)}`);
}
