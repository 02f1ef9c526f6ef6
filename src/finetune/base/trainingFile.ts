import type { TrainingRow } from '../../data/trace.ts';
import type { TrainingSet } from '../../data/trainingSet.ts';

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
export function trainingFile({ rows }: TrainingSet, options: TrainingFileOptions): string {
  return rows.map((row) => `${JSON.stringify(lineOf(row, options))}\n`).join('');
}

function lineOf({ prompt, completion, end }: TrainingRow, { layout, textAsChat }: TrainingFileOptions): unknown {
  if (prompt.kind === 'text' && !textAsChat) {
    if (layout === 'apart') return { prompt: prompt.prompt, completion, end };
    return { prompt: prompt.prompt, completion: completion + (end ?? '') };
  }
  const messages = prompt.kind === 'text' ? [{ role: 'user', content: prompt.prompt }] : prompt.messages;
  const opened = prompt.kind === 'text' ? '' : (prompt.opened ?? '');
  // In a chat the template's end of turn ends a text completion, not the text format's own end.
  const ending = prompt.kind === 'text' ? null : end;
  if (layout === 'apart') return { messages, opened, completion, end: ending };
  const answer = { role: 'assistant', content: opened + completion + (ending ?? '') };
  return layout === 'pair' ? { prompt: messages, completion: [answer] } : { messages: [...messages, answer] };
}
