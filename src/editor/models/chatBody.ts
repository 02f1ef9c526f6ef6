/** What of OpenAI's chat requests a model of the editor can be asked. */
import * as z from 'zod';
import type { ChatMessage } from '../../data/lm.ts';
import { messageSchema } from '../../loopback/chatMessage.ts';
import { ApiError } from '../../loopback/http.ts';
import type { Turn } from './editorModels.ts';

const tokens = z.int().positive().nullish();

/** Any other key is refused by its name, so that a client leaves it out and says so. */
export const chatBodySchema = z.strictObject({
  model: z.string().min(1),
  messages: z.array(messageSchema).min(1),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  max_tokens: tokens,
  max_completion_tokens: tokens,
  stop: z.union([z.string(), z.array(z.string()).max(64)]).nullish(),
  n: z.literal(1, 'Only 1 is allowed: a model of VS Code gives one answer.').nullish(),
  stream: z.literal(false, 'Streaming is not supported: answers are given whole.').nullish(),
});
export type ChatBody = z.infer<typeof chatBodySchema>;

/** @throws ApiError for a role that the editor does not have, or a question that ends with its answer. */
export function turnsOf(messages: readonly ChatMessage[]): readonly Turn[] {
  const turns = messages.map(({ role, content }, index): Turn => {
    if (role !== 'system') return { role, text: content };
    throw new ApiError(400, 'The system role is not supported by models of VS Code.', {
      param: `messages[${index}].role`,
      code: 'unsupported_value',
    });
  });
  if (turns.at(-1)?.role === 'user') return turns;
  throw new ApiError(400, 'The last message must be of the user: opened assistant turns are not supported.', {
    param: 'messages',
    code: 'unsupported_value',
  });
}

export const maxTokensOf = ({ max_tokens, max_completion_tokens }: ChatBody): number | null =>
  max_completion_tokens ?? max_tokens ?? null;

export const stopsOf = ({ stop }: ChatBody): readonly string[] => [stop ?? []].flat().filter((text) => text !== '');

/** Under the names that Copilot takes, and others after it. */
export function optionsOf(body: ChatBody): Readonly<Record<string, unknown>> {
  const { temperature, top_p } = body;
  const stops = stopsOf(body);
  const options = {
    temperature,
    top_p,
    max_tokens: maxTokensOf(body),
    stop: stops.length === 0 ? null : stops.length === 1 ? stops[0] : stops,
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null && value !== undefined));
}
