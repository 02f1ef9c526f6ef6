/**
 * Answers that are streamed although `"stream": false` is sent: server-sent events, or a line of JSON for each piece.
 * Some servers know nothing else, and some proxies put the dressing of a stream around an answer that is whole.
 */
import * as z from 'zod';
import { contentSchema, type MessageContent } from './answerText.ts';

/** Whether a text is dressed as a stream, whatever it is of. */
export function isStreamed(text: string): boolean {
  return /^\s*(data|event|id|retry)?:/.test(text) || /^\s*\{.*\}\s*\n\s*\{/.test(text) || closing.test(text.slice(-50));
}

/**
 * The answer that a stream adds up to, in the shape of one that was not streamed. An error on the way stands where such
 * an answer has it: instead of the choices where none had begun, else in the choice. So does it where the end is missing.
 *
 * @returns `null` for what is no stream of completions.
 */
export function wholeOf(text: string): unknown {
  const { values, isClosed } = valuesIn(text);
  const pieces = values.flatMap((value) => pieceSchema.safeParse(value).data ?? []);
  const choices = pieces.flatMap((piece) => piece.choices.filter(({ index }) => (index ?? 0) === 0));
  const error = values.find((value) => !pieceSchema.safeParse(value).success);
  if (choices.length === 0) return error ?? pieces[0] ?? null;
  const isEnded = isClosed || choices.some(({ finish_reason }) => finish_reason != null);
  return {
    choices: [choiceOf(choices, error ?? (isEnded ? undefined : brokenOff))],
    usage: pieces.findLast(({ usage }) => usage != null)?.usage,
    model: pieces.find(({ model }) => model != null)?.model,
  };
}

const closing = /data:\s*\[DONE\]\s*$/;
const brokenOff = { message: 'the stream of the answer broke off' };

/** Lines of server-sent events that carry nothing. */
const dressing = /^\s*($|:|event:|id:|retry:|data:\s*($|:|\[DONE\]))/;

/** What the lines of a stream hold, up to one that was cut off; `isClosed`: it says that this was all. */
function valuesIn(text: string): { readonly values: readonly object[]; readonly isClosed: boolean } {
  // The end of a stream can be glued to an answer that is whole.
  const lines = text.replace(closing, '').split(/\r\n|\n|\r/);
  const data = lines.filter((line) => !dressing.test(line)).map((line) => line.replace(/^\s*data:/, ''));
  const whole = objectIn(data.join('\n'));
  const values = data.map(objectIn);
  const cut = values.indexOf(null);
  const read = cut < 0 ? values : values.slice(0, cut);
  return {
    values: whole === null ? read.filter((value) => value !== null) : [whole],
    isClosed: closing.test(text.slice(-50)),
  };
}

function objectIn(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

const partSchema = z.object({
  content: contentSchema.nullish(),
  refusal: z.string().nullish().catch(null),
  reasoning_content: z.string().nullish().catch(null),
  reasoning: z.string().nullish().catch(null),
});
type Part = z.infer<typeof partSchema>;

const choiceSchema = z.object({
  index: z.number().nullish(),
  text: z.string().nullish(),
  delta: partSchema.nullish(),
  /** Of an answer that is whole, or of the last piece, which repeats it (MiniMax). */
  message: partSchema.nullish(),
  finish_reason: z.string().nullish(),
  error: z.unknown().optional(),
});
type Choice = z.infer<typeof choiceSchema>;

const pieceSchema = z.object({
  choices: z.array(choiceSchema),
  usage: z.unknown().optional(),
  model: z.string().nullish().catch(null),
});

function choiceOf(choices: readonly Choice[], error: unknown): object {
  const whole = choices.findLast(({ message }) => message?.content != null)?.message;
  const said = choices.find((choice) => choice.error != null)?.error ?? error;
  return {
    text: joined(choices.map(({ text }) => text)),
    message: whole ?? messageOf(choices.flatMap(({ delta }) => delta ?? [])),
    finish_reason: choices.findLast(({ finish_reason }) => finish_reason != null)?.finish_reason,
    ...(said === undefined ? {} : { error: said }),
  };
}

function messageOf(parts: readonly Part[]): Part | null {
  if (parts.length === 0) return null;
  return {
    content: contentOf(parts.flatMap(({ content }) => content ?? [])),
    refusal: joined(parts.map(({ refusal }) => refusal)),
    reasoning_content: joined(parts.map(({ reasoning_content }) => reasoning_content)),
    reasoning: joined(parts.map(({ reasoning }) => reasoning)),
  };
}

/** Texts, joined; else the parts that there were, one after the other. */
function contentOf(contents: readonly unknown[]): MessageContent | null {
  if (contents.length === 0) return null;
  return contents.every((each) => typeof each === 'string') ? contents.join('') : [...contents];
}

function joined(texts: readonly (string | null | undefined)[]): string | null {
  const there = texts.filter((text) => text != null);
  return there.length === 0 ? null : there.join('');
}
