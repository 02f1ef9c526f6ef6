import type { ChatMessage } from '../../data/lm.ts';
import type { TrainingRow } from '../../data/trace.ts';
import type { PreferenceRow, RewardedRow, TrainingSet } from '../../data/trainingSet.ts';

/**
 * How rows are written. `apart`: prompt, opened prefix, completion and end each by themselves, for trainers that mask
 * exactly the prompt and the prefix (the embedded endpoint). `joined`: OpenAI's messages, what hosted services take.
 * `pair`: prompt and completion as two lists of messages, on which TRL's loss is that of the completion.
 */
export type RowLayout = 'apart' | 'joined' | 'pair';

export interface TrainingFileOptions {
  readonly layout: RowLayout;
  /** Where the endpoint has no /v1/completions, text prompts are asked as one user turn, and so are trained as one. */
  readonly textAsChat: boolean;
}

/** The rows as JSON lines, in order. */
export function trainingFile(set: TrainingSet, options: TrainingFileOptions): string {
  return linesOf(set, options)
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');
}

function linesOf(set: TrainingSet, options: TrainingFileOptions): readonly object[] {
  switch (set.method) {
    case 'supervised':
      return set.rows.map((row) => lineOf(row, options));
    case 'dpo':
      return set.rows.map((row) => preferenceLine(row, options));
    case 'grpo':
      return set.rows.map((row) => rewardedLine(row, options));
  }
}

function lineOf(row: TrainingRow, { layout, textAsChat }: TrainingFileOptions): object {
  const { prompt, completion, end } = row;
  if (prompt.kind === 'text' && !textAsChat) {
    if (layout === 'apart') return { prompt: prompt.prompt, completion, end };
    return { prompt: prompt.prompt, completion: completion + (end ?? '') };
  }
  const { messages, opened, ending } = asChat(row);
  if (layout === 'apart') return { messages, opened, completion, end: ending };
  const answer = answerOf(row, completion);
  return layout === 'pair' ? { prompt: messages, completion: [answer] } : { messages: [...messages, answer] };
}

/**
 * `joined`: OpenAI's preference rows, which know chats alone, so that a text prompt is one user turn in any case;
 * `pair`: TRL's.
 */
function preferenceLine(row: PreferenceRow, options: TrainingFileOptions): object {
  const { prompt, completion, rejected, end } = row;
  const { layout, textAsChat } = options;
  if (layout === 'apart') return { ...lineOf(row, options), rejected };
  if (layout === 'pair' && prompt.kind === 'text' && !textAsChat) {
    return { prompt: prompt.prompt, chosen: completion + (end ?? ''), rejected: rejected + (end ?? '') };
  }
  const { messages } = asChat(row);
  const [better, worse] = [[answerOf(row, completion)], [answerOf(row, rejected)]];
  if (layout === 'pair') return { prompt: messages, chosen: better, rejected: worse };
  return { input: { messages }, preferred_output: better, non_preferred_output: worse };
}

/** @throws Error in a layout other than `apart`: back ends that are sent those do not list the method. */
function rewardedLine(row: RewardedRow, options: TrainingFileOptions): object {
  if (options.layout !== 'apart')
    throw new Error(`rows with rewards cannot be written in the layout "${options.layout}"`);
  return { ...lineOf(row, options), advantage: row.advantage };
}

interface ChatParts {
  readonly messages: readonly ChatMessage[];
  readonly opened: string;
  readonly ending: string | null;
}

function asChat({ prompt, end }: TrainingRow): ChatParts {
  // In a chat the template's end of turn ends a text completion, not the text format's own end.
  if (prompt.kind === 'text') {
    return { messages: [{ role: 'user', content: prompt.prompt }], opened: '', ending: null };
  }
  return { messages: prompt.messages, opened: prompt.opened ?? '', ending: end };
}

function answerOf(row: TrainingRow, completion: string): ChatMessage {
  const { opened, ending } = asChat(row);
  return { role: 'assistant', content: opened + completion + (ending ?? '') };
}
