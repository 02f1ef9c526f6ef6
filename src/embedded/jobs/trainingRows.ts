import * as z from 'zod';
import { ApiError } from '../../loopback/http.ts';
import { TemplateError } from '../llama/chatTemplate.ts';
import type { Engine } from '../llama/engine.ts';
import type { Token } from '../llama/nodeLlamaCpp.ts';
import type { TrainingMethod } from '../models/trainingMethod.ts';
import { messageSchema } from '../../loopback/chatMessage.ts';

/** A training row in the server's own tokens, so that training and serving cannot differ: the loss is on the completion. */
export interface TokenRow {
  readonly prompt: readonly Token[];
  readonly completion: readonly Token[];
  /** Of dpo: the answer to which the completion is preferred. */
  readonly rejected?: readonly Token[];
  /** Of grpo: the completion's reward minus the mean of its group. */
  readonly advantage?: number;
}

const completion = z.string();
/** What ends the completion, trained with it; without it the chat template's end of turn. */
const end = z.string().nullish();

/** Rows as our own trainer's client sends them: opened prefix, completion and end apart. */
const chatRow = z.object({
  messages: z.array(messageSchema).min(1),
  opened: z.string().nullish(),
  completion,
  end,
});
const textRow = z.object({ prompt: z.string(), completion, end });
/** OpenAI's rows: the last assistant message is the completion. */
const openAiRow = z.object({ messages: z.array(messageSchema).min(2) });
/** OpenAI's rows of preferences: one message of the assistant's each. */
const openAiAnswer = z
  .array(messageSchema)
  .length(1)
  .refine(([message]) => message?.role === 'assistant', { error: "it is not the assistant's" });
const openAiPreferenceRow = z.object({
  input: z.object({ messages: z.array(messageSchema).min(1) }),
  preferred_output: openAiAnswer,
  non_preferred_output: openAiAnswer,
});
/** What rows of ours have more, by method. */
const preference = z.object({ rejected: z.string({ error: 'a dpo job needs it, as text: the answer that is worse' }) });
const rewarded = z.object({
  advantage: z.number({ error: 'a grpo job needs it, as a number: the reward minus the mean of its group' }),
});

type Encoder = Pick<Engine, 'chatTokens' | 'promptTokens' | 'tokenize' | 'maxContext'> & {
  readonly template: { readonly endOfTurn: Token };
};

/**
 * The rows of a training file (JSONL), tokenised.
 *
 * @throws ApiError 400 naming the line that is wrong, or saying that there are no rows.
 */
export function tokenizeRows(
  text: string,
  engine: Encoder,
  method: TrainingMethod['type'] = 'supervised',
): readonly TokenRow[] {
  const rows: TokenRow[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      rows.push(tokenizeRow(JSON.parse(line), engine, method));
    } catch (error) {
      throw fileError(`line ${String(index + 1)}: ${describe(error)}`);
    }
  }
  if (rows.length === 0) throw fileError('it has no rows.');
  return rows;
}

class RowError extends Error {}

function tokenizeRow(value: unknown, engine: Encoder, method: TrainingMethod['type']): TokenRow {
  const row = read(value, engine, method);
  if (row.completion.length === 0) throw new RowError('the completion is empty');
  if (row.rejected?.length === 0) throw new RowError('the rejected answer is empty');
  if (row.prompt.length === 0) throw new RowError('the prompt is empty');
  const tokens = row.prompt.length + Math.max(row.completion.length, row.rejected?.length ?? 0);
  if (tokens > engine.maxContext) {
    throw new RowError(`it has ${String(tokens)} tokens; the model's context is ${String(engine.maxContext)}`);
  }
  return row;
}

function read(value: unknown, engine: Encoder, method: TrainingMethod['type']): TokenRow {
  if (typeof value !== 'object' || value === null) throw new RowError('it is no JSON object');
  if ('preferred_output' in value) {
    if (method === 'dpo') return readPreference(value, engine);
    throw new RowError(`it is a row of preferences, and the job's method is ${method}`);
  }
  const { prompt, completion: text, end } = readAnswered(value, engine);
  const row = { prompt, completion: ended(text, end, engine) };
  switch (method) {
    case 'supervised':
      return row;
    case 'dpo':
      return { ...row, rejected: ended(preference.parse(value).rejected, end, engine) };
    case 'grpo':
      return { ...row, advantage: rewarded.parse(value).advantage };
  }
}

interface Answered {
  readonly prompt: readonly Token[];
  readonly completion: string;
  /** Text that ends any answer to the prompt; without it the end of turn does. */
  readonly end?: string | null | undefined;
}

function readAnswered(value: object, engine: Encoder): Answered {
  if ('prompt' in value) {
    const { prompt, ...row } = textRow.parse(value);
    return { ...row, prompt: engine.promptTokens(prompt) };
  }
  if ('completion' in value) {
    const { messages, opened, ...row } = chatRow.parse(value);
    return { ...row, prompt: engine.chatTokens(messages, opened ?? undefined) };
  }
  const { messages } = openAiRow.parse(value);
  const last = messages.at(-1)!;
  if (last.role !== 'assistant') throw new RowError("its last message is not the assistant's");
  return { prompt: engine.chatTokens(messages.slice(0, -1)), completion: last.content };
}

function readPreference(value: object, engine: Encoder): TokenRow {
  const { input, preferred_output: better, non_preferred_output: worse } = openAiPreferenceRow.parse(value);
  return {
    prompt: engine.chatTokens(input.messages),
    completion: ended(better[0]!.content, null, engine),
    rejected: ended(worse[0]!.content, null, engine),
  };
}

/** Completion and end text are tokenised as one, as they will be generated. */
function ended(text: string, endText: string | null | undefined, engine: Encoder): readonly Token[] {
  if (endText !== null && endText !== undefined) return engine.tokenize(text + endText);
  return [...engine.tokenize(text), engine.template.endOfTurn];
}

function describe(error: unknown): string {
  if (error instanceof z.ZodError) {
    const issue = error.issues[0]!;
    return `${issue.path.map(String).join('.') || 'the row'}: ${issue.message}`;
  }
  if (error instanceof SyntaxError) return `it is not JSON (${error.message})`;
  if (error instanceof RowError || error instanceof TemplateError) return error.message;
  throw error;
}

function fileError(what: string): ApiError {
  return new ApiError(400, `The training file cannot be used: ${what}`, {
    param: 'training_file',
    code: 'invalid_training_file',
  });
}
