/**
 * Training rows as a run keeps them: lines in the layout that its training back end was sent (`finetune/base/trainingFile.ts`),
 * or in the one of earlier versions. Pure.
 */
import * as z from 'zod';
import type { TrainingRowView } from '../viewProtocol/chats.ts';

const message = z.object({ role: z.string(), content: z.string() });
type Message = z.infer<typeof message>;
const end = z.string().nullish();
/** What rows of preferences and those with rewards have more. */
const more = { rejected: z.string().exactOptional(), advantage: z.number().exactOptional() };

/** Prompt, opened prefix, completion and end each by themselves. */
const chatApart = z.object({
  messages: z.array(message),
  opened: z.string().optional(),
  completion: z.string(),
  end,
  ...more,
});
/** OpenAI's messages, of which the last is trained on. */
const chatJoined = z.object({ messages: z.array(message).min(1) });
/** Two lists of messages, of which the second is trained on. */
const chatPair = z.object({ prompt: z.array(message), completion: z.array(message).min(1) });
const text = z.object({ prompt: z.string(), completion: z.string(), end, ...more });
/** OpenAI's preferences. */
const answer = z.tuple([message]);
const preference = z.object({
  input: z.object({ messages: z.array(message) }),
  preferred_output: answer,
  non_preferred_output: answer,
});
/** Of earlier versions, which kept rows before they were laid out. */
const early = z.object({
  predictor: z.string(),
  prompt: z.union([
    z.object({ kind: z.literal('chat'), messages: z.array(message), opened: z.string().optional() }),
    z.object({ kind: z.literal('text'), prompt: z.string() }),
  ]),
  completion: z.string(),
  end,
});

interface Parts {
  readonly prompt: readonly Message[];
  readonly opened?: string | undefined;
  readonly completion: string;
  readonly end?: string | null | undefined;
  readonly predictor?: string;
  readonly rejected?: string;
  readonly advantage?: number;
}

/** Each layout with what its rows consist of; the first that fits is taken. */
const partsSchema: z.ZodType<Parts> = z.union([
  early.transform(({ prompt, ...row }): Parts => ({
    ...row,
    ...(prompt.kind === 'text' ? { prompt: asked(prompt.prompt) } : { prompt: prompt.messages, opened: prompt.opened }),
  })),
  chatApart.transform(({ messages, ...row }): Parts => ({ ...row, prompt: messages })),
  chatJoined.transform(({ messages }): Parts => ({
    prompt: messages.slice(0, -1),
    completion: messages.at(-1)!.content,
  })),
  chatPair.transform(({ prompt, completion }): Parts => ({
    prompt,
    completion: completion.map(({ content }) => content).join('\n'),
  })),
  preference.transform(({ input, preferred_output: [better], non_preferred_output: [worse] }): Parts => ({
    prompt: input.messages,
    completion: better.content,
    rejected: worse.content,
  })),
  text.transform(({ prompt, ...row }): Parts => ({ ...row, prompt: asked(prompt) })),
]);

/** A line as the page shows it; one in an unknown layout is shown as it is. */
export function trainingRowOf(line: string): TrainingRowView {
  const parsed = partsSchema.safeParse(jsonOf(line));
  if (!parsed.success) return { kind: 'unknown', line };
  const { prompt, opened = '', completion, end: ending, predictor = null, rejected, advantage } = parsed.data;
  return {
    ...{ kind: 'row', predictor, prompt: [...prompt], opened, completion, end: ending ?? null },
    ...(rejected === undefined ? {} : { rejected }),
    ...(advantage === undefined ? {} : { advantage }),
  };
}

function asked(prompt: string): readonly Message[] {
  return [{ role: 'prompt', content: prompt }];
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
