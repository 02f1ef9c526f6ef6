/** What of an answer's message is the answer: one reading for runs and for a program on its own (`configure`). */
import * as z from 'zod';

/**
 * Text, or parts of it: Mistral's reasoning models send `[{type: 'thinking', …}, {type: 'text', text}]`. An object is JSON that a
 * server has read already (Cloudflare, where JSON is asked for).
 */
export const contentSchema = z.union([z.string(), z.array(z.unknown()), z.record(z.string(), z.unknown())]);

const textPartSchema = z.union([
  z.string(),
  // Some do not say of what type a part is.
  z.object({ type: z.enum(['text', 'output_text']).nullish(), text: z.string() }).transform(({ text }) => text),
]);

export type MessageContent = z.infer<typeof contentSchema>;

/**
 * The text of a message, without what the model thought before it.
 *
 * Of parts the texts count, joined; of an object, its JSON. A block `<think>…</think>`, or in the marks of another model, is
 * taken off where it begins the text and is closed, also where the template of the model had opened it in the prompt;
 * anywhere else it is text. DSPy leaves it, and passes over it in its chat format alone.
 *
 * @returns `null` where there is none: no content, or parts without a text among them.
 */
export function textOfContent(content: MessageContent | null | undefined): string | null {
  if (content === null || content === undefined) return null;
  const text =
    typeof content === 'string' ? content : Array.isArray(content) ? textOfParts(content) : JSON.stringify(content);
  return text === null ? null : withoutThoughts(text);
}

function textOfParts(parts: readonly unknown[]): string | null {
  const texts = parts.flatMap((part) => textPartSchema.safeParse(part).data ?? []);
  return texts.length === 0 ? null : texts.join('');
}

/** Begin and end of thoughts: DeepSeek, Qwen; Seed-OSS; Kimi-VL; Magistral; Command A. */
const marks = [
  ['<think>', '</think>'],
  ['<thinking>', '</thinking>'],
  ['<seed:think>', '</seed:think>'],
  ['◁think▷', '◁/think▷'],
  ['[THINK]', '[/THINK]'],
  ['<|START_THINKING|>', '<|END_THINKING|>'],
] as const;

function withoutThoughts(text: string): string {
  const final = text.lastIndexOf(harmonyFinal);
  if (final >= 0) return text.slice(final + harmonyFinal.length).replace(harmonyEnd, '');
  const ends = marks.map(([open, close]) => ({ open, close, at: text.indexOf(close) })).filter(({ at }) => at >= 0);
  const first = ends.toSorted((a, b) => a.at - b.at)[0];
  if (first === undefined) return text;
  const { open, close, at } = first;
  const isOpenedWithin = text.slice(0, at).includes(open) && !text.trimStart().startsWith(open);
  return isOpenedWithin ? text : text.slice(at + close.length).trimStart();
}

/** Where gpt-oss begins its answer, behind its thoughts, on servers that do not read its format. */
const harmonyFinal = '<|channel|>final<|message|>';
const harmonyEnd = /<\|(return|end)\|>\s*$/;
