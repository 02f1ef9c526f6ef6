import * as z from 'zod';
import { ApiError } from '../http/http.ts';
import { TemplateError } from '../llama/chatTemplate.ts';
import type { Engine } from '../llama/engine.ts';
import type { Token } from '../llama/nodeLlamaCpp.ts';
import { messageSchema } from '../http/chatMessage.ts';

/** A training row in the server's own tokens, so that training and serving cannot differ: the loss is on the completion. */
export interface TokenRow {
  readonly prompt: readonly Token[];
  readonly completion: readonly Token[];
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

type Encoder = Pick<Engine, 'chatTokens' | 'promptTokens' | 'tokenize' | 'maxContext'> & {
  readonly template: { readonly endOfTurn: Token };
};

/**
 * The rows of a training file (JSONL), tokenised.
 *
 * @throws ApiError 400 naming the line that is wrong, or saying that there are no rows.
 */
export function tokenizeRows(text: string, engine: Encoder): readonly TokenRow[] {
  const rows: TokenRow[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      rows.push(tokenizeRow(JSON.parse(line), engine));
    } catch (error) {
      throw fileError(`line ${String(index + 1)}: ${describe(error)}`);
    }
  }
  if (rows.length === 0) throw fileError('it has no rows.');
  return rows;
}

class RowError extends Error {}

function tokenizeRow(value: unknown, engine: Encoder): TokenRow {
  const row = read(value, engine);
  if (row.completion.length === 0) throw new RowError('the completion is empty');
  if (row.prompt.length === 0) throw new RowError('the prompt is empty');
  const tokens = row.prompt.length + row.completion.length;
  if (tokens > engine.maxContext) {
    throw new RowError(`it has ${String(tokens)} tokens; the model's context is ${String(engine.maxContext)}`);
  }
  return row;
}

function read(value: unknown, engine: Encoder): TokenRow {
  if (typeof value !== 'object' || value === null) throw new RowError('it is no JSON object');
  if ('prompt' in value) {
    const row = textRow.parse(value);
    return { prompt: engine.promptTokens(row.prompt), completion: ended(row.completion, row.end, engine) };
  }
  if ('completion' in value) {
    const row = chatRow.parse(value);
    return {
      prompt: engine.chatTokens(row.messages, row.opened ?? undefined),
      completion: ended(row.completion, row.end, engine),
    };
  }
  const { messages } = openAiRow.parse(value);
  const last = messages.at(-1)!;
  if (last.role !== 'assistant') throw new RowError("its last message is not the assistant's");
  return { prompt: engine.chatTokens(messages.slice(0, -1)), completion: ended(last.content, null, engine) };
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
