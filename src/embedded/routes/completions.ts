import * as z from 'zod';
import type { Handler } from '../../loopback/http.ts';
import { readJson } from '../../loopback/http.ts';
import type { GenerateServices, Shape } from './generate.ts';
import { generate } from './generate.ts';
import { generationFields } from './generationSchema.ts';

const tokens = z.array(z.int().nonnegative()).min(1);

const completionSchema = z.object({
  ...generationFields,
  prompt: z.union([z.string(), z.array(z.string()).min(1).max(256), tokens, z.array(tokens).min(1).max(256)]),
  echo: z.literal(false, { error: 'echo is not supported by the embedded endpoint' }).nullish(),
  best_of: z.literal(1, { error: 'best_of is not supported by the embedded endpoint' }).nullish(),
  suffix: z.literal('', { error: 'suffix is not supported by the embedded endpoint' }).nullish(),
});

const shape: Shape = {
  idPrefix: 'cmpl',
  object: 'text_completion',
  chunkObject: 'text_completion',
  choice: (text) => ({ text }),
  delta: (text) => ({ text }),
};

/** `POST /v1/completions`: prompts as text or as token ids, one or several. */
export function textCompletions(services: GenerateServices): Handler {
  return async (call) => {
    const body = await readJson(call, completionSchema);
    return await generate(call, services, body, promptsOf(body.prompt, services), shape);
  };
}

function promptsOf(
  prompt: z.infer<typeof completionSchema>['prompt'],
  { engine }: GenerateServices,
): readonly (readonly number[])[] {
  if (typeof prompt === 'string') return [engine.promptTokens(prompt)];
  if (prompt.every((item) => typeof item === 'number')) return [prompt];
  return prompt.map((item) => (typeof item === 'string' ? engine.promptTokens(item) : item));
}
