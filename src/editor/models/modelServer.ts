/** Serves the models of the editor on OpenAI's wire, on this machine, to who has the window's token. */
import { randomUUID } from 'node:crypto';
import { inMebibytes, responseBytesAtMost } from '../../base/limits.ts';
import { ApiError, notFound, readJson } from '../../loopback/http.ts';
import type { Call, Handler } from '../../loopback/http.ts';
import { serveLoopback } from '../../loopback/server.ts';
import type { LoopbackServer } from '../../loopback/server.ts';
import { chatBodySchema, maxTokensOf, optionsOf, stopsOf, turnsOf } from './chatBody.ts';
import type { ChatBody } from './chatBody.ts';
import { modelNamed, nameOf } from './editorModels.ts';
import type { EditorModel, EditorModels, Turn } from './editorModels.ts';
import { apiErrorOf } from './modelErrors.ts';

export interface ModelServerOptions {
  readonly models: EditorModels;
  readonly token: string;
  /** Bugs of ours. */
  readonly onError: (error: unknown) => void;
}

const advice =
  'It answers runs of BetterTogether, which find its token by themselves: name an endpoint of the kind "editor" in ' +
  'bettertogether.json.';

export function serveEditorModels({ models, token, onError }: ModelServerOptions): Promise<LoopbackServer> {
  const routes = {
    'GET /v1/models': listModels(models),
    'POST /v1/chat/completions': chatCompletions(models),
  };
  return serveLoopback({ routes, credential: { token, advice }, onError });
}

/** What no model of the editor can do, said with each so that no client tries it out. */
const capabilities = { completions: false, continueFinal: false, structuredChoice: false, jsonSchema: false } as const;

function listModels(models: EditorModels): Handler {
  return async () => {
    const all = await models.list();
    const data = all.map((model) => ({
      id: nameOf(model, all),
      object: 'model',
      created: 0,
      owned_by: model.vendor,
      root: `${model.family} ${model.version}`.trim(),
      max_model_len: model.maxInputTokens,
      bettertogether: { capabilities },
    }));
    return { object: 'list', data };
  };
}

function chatCompletions(models: EditorModels): Handler {
  return async (call) => {
    const body = await readJson(call, chatBodySchema);
    const turns = turnsOf(body.messages);
    const model = await modelOf(models, body.model);
    requirePermission(call, models, model);
    try {
      return await answer(call, models, model, body, turns);
    } catch (error) {
      // Who asked is gone: what is answered now reaches nobody.
      if (call.signal.aborted) throw call.signal.reason;
      throw apiErrorOf(error);
    }
  };
}

async function modelOf(models: EditorModels, name: string): Promise<EditorModel> {
  const all = await models.list();
  const model = modelNamed(name, all);
  if (model !== null) return model;
  const names = all.map((each) => nameOf(each, all)).slice(0, 20);
  const has =
    names.length === 0
      ? 'VS Code has no model now: sign in to the extension that brings them.'
      : `VS Code has: ${names.join(', ')}.`;
  throw notFound(
    `The model "${name}" does not exist, or more than one vendor has it. ${has}`,
    'model_not_found',
    'model',
  );
}

/** The editor asks the person only after an act of theirs, which a request is not. */
function requirePermission({ response }: Call, models: EditorModels, model: EditorModel): void {
  const permission = models.permissionFor(model);
  if (permission === 'given') return;
  if (permission === 'refused') {
    throw new ApiError(403, `VS Code does not let BetterTogether use ${model.title}.`, { code: 'no_permission' });
  }
  models.wantPermission(model);
  response.setHeader('retry-after', '2');
  throw new ApiError(503, `BetterTogether may not use ${model.title} yet: allow it in the window of VS Code.`, {
    code: 'permission_not_given',
  });
}

async function answer(
  { signal }: Call,
  models: EditorModels,
  model: EditorModel,
  body: ChatBody,
  turns: readonly Turn[],
): Promise<object> {
  const own = new AbortController();
  const either = AbortSignal.any([signal, own.signal]);
  const { text, isCut } = await textOf(
    models.ask(model, { turns, options: optionsOf(body), signal: either }),
    stopsOf(body),
    () => own.abort(),
  );
  const usage = await usageOf(models, model, turns, text, signal);
  const isFull = !isCut && usage !== null && usage.completion_tokens >= (maxTokensOf(body) ?? Infinity);
  return {
    id: `chatcmpl-${randomUUID()}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: body.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null },
        logprobs: null,
        finish_reason: isFull ? 'length' : 'stop',
      },
    ],
    ...(usage === null ? {} : { usage }),
  };
}

/** The answer up to the first stop sequence, whether or not the model heeds them. @param end ends it there. */
async function textOf(
  pieces: AsyncIterable<string>,
  stops: readonly string[],
  end: () => void,
): Promise<{ readonly text: string; readonly isCut: boolean }> {
  let text = '';
  for await (const piece of pieces) {
    // A stop may have begun in the piece before.
    const from = Math.max(0, text.length - Math.max(0, ...stops.map(({ length }) => length)));
    text += piece;
    const found = stops.map((stop) => text.indexOf(stop, from)).filter((at) => at >= 0);
    if (found.length > 0) {
      end();
      return { text: text.slice(0, Math.min(...found)), isCut: true };
    }
    if (text.length > responseBytesAtMost) {
      end();
      throw new ApiError(502, `The answer is longer than ${inMebibytes(responseBytesAtMost)}.`);
    }
  }
  return { text, isCut: false };
}

interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/** As the model's provider counts; what it bills it does not say. `null`: it does not count. */
async function usageOf(
  models: EditorModels,
  model: EditorModel,
  turns: readonly Turn[],
  text: string,
  signal: AbortSignal,
): Promise<Usage | null> {
  try {
    const counts = await Promise.all([...turns, text].map((each) => models.countTokens(model, each, signal)));
    const completion = counts.at(-1) ?? 0;
    const prompt = counts.slice(0, -1).reduce((sum, count) => sum + count, 0);
    return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
  } catch {
    return null;
  }
}
