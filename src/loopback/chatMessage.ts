/** A message of a chat, as requests and training rows have it. */
import * as z from 'zod';
import type { ChatMessage } from '../data/lm.ts';

const textPart = z.object({ type: z.literal('text'), text: z.string() });
const content = z.union([z.string(), z.array(textPart).transform((parts) => parts.map((part) => part.text).join(''))]);
/** `developer` is OpenAI's newer name for the system's role. */
const role = z.enum(['system', 'developer', 'user', 'assistant']);

export const messageSchema = z
  .object({ role, content })
  .transform(({ role, content }): ChatMessage => ({ role: role === 'developer' ? 'system' : role, content }));
