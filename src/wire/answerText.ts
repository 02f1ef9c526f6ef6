/** What of an answer's message is the answer: one reading for runs and for a program on its own (`configure`). */
import * as z from 'zod';

/** Text, or parts of it: Mistral's reasoning models send `[{type: 'thinking', …}, {type: 'text', text}]`. */
export const contentSchema = z.union([z.string(), z.array(z.unknown())]);

const textPartSchema = z.union([
  z.string(),
  z.object({ type: z.enum(['text', 'output_text']), text: z.string() }).transform(({ text }) => text),
]);

export type MessageContent = z.infer<typeof contentSchema>;

/**
 * The text of a message, without what the model thought before it.
 *
 * Of parts the texts count, joined. A block `<think>…</think>` is taken off where it begins the text and is closed,
 * also where the template of the model had opened it in the prompt; anywhere else it is text. DSPy leaves it, and passes over it in its chat format alone.
 *
 * @returns `null` where there is none: no content, or parts without a text among them.
 */
export function textOfContent(content: MessageContent | null | undefined): string | null {
  if (content === null || content === undefined) return null;
  const text = typeof content === 'string' ? content : textOfParts(content);
  return text === null ? null : withoutThoughts(text);
}

function textOfParts(parts: readonly unknown[]): string | null {
  const texts = parts.flatMap((part) => textPartSchema.safeParse(part).data ?? []);
  return texts.length === 0 ? null : texts.join('');
}

const opening = /^\s*<(?:think|thinking)>/;
const closing = /<\/(think|thinking)>\s*/;

function withoutThoughts(text: string): string {
  const end = closing.exec(text);
  if (end === null) return text;
  const thoughts = text.slice(0, end.index).replace(opening, '');
  const isOpenedWithin = thoughts.includes(`<${end[1]}>`) && !opening.test(text);
  return isOpenedWithin ? text : text.slice(end.index + end[0].length);
}
