import * as z from 'zod';
import type { ChatMessage } from '../../data/lm.ts';
import type { Handler } from '../../loopback/http.ts';
import { messageSchema } from '../../loopback/chatMessage.ts';
import { ApiError, readJson } from '../../loopback/http.ts';
import { TemplateError } from '../llama/chatTemplate.ts';
import type { Engine } from '../llama/engine.ts';
import type { Token } from '../llama/nodeLlamaCpp.ts';
import type { GenerateServices, Shape } from './generate.ts';
import { generate } from './generate.ts';
import { generationFields } from './generationSchema.ts';

const chatSchema = z.object({
  ...generationFields,
  messages: z.array(messageSchema).min(1),
  /** vLLM's: the last message is an assistant's turn to go on with, not a finished one. */
  continue_final_message: z.boolean().nullish(),
  add_generation_prompt: z.boolean().nullish(),
});

const shape: Shape = {
  idPrefix: 'chatcmpl',
  object: 'chat.completion',
  chunkObject: 'chat.completion.chunk',
  choice: (text) => ({ message: { role: 'assistant', content: text, refusal: null } }),
  delta: (text, first) => ({ delta: first ? { role: 'assistant', content: text } : { content: text } }),
};

/** `POST /v1/chat/completions` */
export function chatCompletions(services: GenerateServices): Handler {
  return async (call) => {
    const body = await readJson(call, chatSchema);
    const prompt = promptOf(services.engine, body.messages, body.continue_final_message === true);
    return await generate(call, services, body, [prompt], shape);
  };
}

function promptOf(engine: Engine, messages: readonly ChatMessage[], goesOn: boolean): readonly Token[] {
  const last = messages.at(-1);
  if (goesOn && last?.role !== 'assistant') {
    throw new ApiError(400, 'continue_final_message asks for an assistant message at the end.', {
      param: 'continue_final_message',
    });
  }
  try {
    return goesOn ? engine.chatTokens(messages.slice(0, -1), last?.content) : engine.chatTokens(messages);
  } catch (error) {
    if (error instanceof TemplateError) throw new ApiError(400, error.message, { param: 'messages' });
    throw error;
  }
}
