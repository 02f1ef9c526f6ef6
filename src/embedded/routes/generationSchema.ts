import * as z from 'zod';
import type { Guide } from '../../data/lm.ts';
import { ApiError } from '../../loopback/http.ts';
import { choiceGrammar, jsonObjectGrammar, jsonSchemaGrammar, SchemaError } from '../llama/grammar.ts';

const absent = (what: string): z.ZodType =>
  z
    .unknown()
    .optional()
    .refine((value) => value === undefined || value === null || value === false || isEmpty(value), {
      error: `${what} not supported by the embedded endpoint`,
    });

function isEmpty(value: unknown): boolean {
  return value === 0 || (Array.isArray(value) && value.length === 0) || JSON.stringify(value) === '{}';
}

const choices = z.array(z.string().min(1)).min(1).max(1000);

/** What chat and text completions have in common. Unknown keys are ignored, as vLLM does. */
export const generationFields = {
  model: z.string(),
  n: z.int().min(1).max(64).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(16)]).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  top_k: z.int().min(-1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
  structured_outputs: z.object({ choice: choices.optional(), json: z.unknown().optional() }).nullish(),
  guided_choice: choices.nullish(),
  guided_json: z.unknown().optional(),
  response_format: z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('text') }),
      z.object({ type: z.literal('json_object') }),
      z.object({
        type: z.literal('json_schema'),
        json_schema: z.object({ name: z.string().optional(), schema: z.record(z.string(), z.json()) }),
      }),
    ])
    .nullish(),
  tools: absent('tools are'),
  functions: absent('functions are'),
  logprobs: absent('logprobs are'),
  logit_bias: absent('logit_bias is'),
  frequency_penalty: absent('frequency_penalty is'),
  presence_penalty: absent('presence_penalty is'),
};

export type GenerationBody = z.infer<z.ZodObject<typeof generationFields>>;

export function stopsOf(body: GenerationBody): readonly string[] {
  if (body.stop === null || body.stop === undefined) return [];
  return typeof body.stop === 'string' ? [body.stop] : body.stop;
}

export interface Constraint {
  /** GBNF. */
  readonly grammar: string | null;
  readonly choices: readonly string[] | null;
}

/** The grammar a request asks for: a structured choice, else its response format. */
export function constraintOf(body: GenerationBody): Constraint {
  const guide = guideOf(body);
  try {
    switch (guide?.kind) {
      case 'choice':
        return { grammar: choiceGrammar(guide.choices), choices: guide.choices };
      case 'jsonSchema':
        return { grammar: jsonSchemaGrammar(guide.schema), choices: null };
      case 'jsonObject':
        return { grammar: jsonObjectGrammar(), choices: null };
      case undefined:
        return { grammar: null, choices: null };
    }
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    throw new ApiError(400, `The JSON schema is not supported: ${error.message}`, { param: 'response_format' });
  }
}

const anySchema = z.record(z.string(), z.json());

function guideOf(body: GenerationBody): Guide | null {
  const choice = body.structured_outputs?.choice ?? body.guided_choice ?? undefined;
  if (choice !== undefined) return { kind: 'choice', choices: choice };
  const json = anySchema.safeParse(body.structured_outputs?.json ?? body.guided_json);
  if (json.success) return { kind: 'jsonSchema', name: 'guided', schema: json.data };
  const format = body.response_format;
  if (format?.type === 'json_schema') {
    return { kind: 'jsonSchema', name: format.json_schema.name ?? 'answer', schema: format.json_schema.schema };
  }
  return format?.type === 'json_object' ? { kind: 'jsonObject' } : null;
}
