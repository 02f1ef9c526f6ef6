/** Completions of the fake endpoint on the wire: requests read, answers written. */
import type { ServerResponse } from 'node:http';
import type { FakeCall, FakeMessage, FakeReply } from './fakeEndpoint.ts';

export function isCompletion(path: string): path is 'chat/completions' | 'completions' {
  return path === 'chat/completions' || path === 'completions';
}

export function callOf(
  path: FakeCall['path'],
  body: Record<string, unknown>,
  index: number,
  authorization: string | null,
): FakeCall {
  const all = (body['messages'] as FakeMessage[] | undefined) ?? [];
  const last = all.at(-1);
  const continues = body['continue_final_message'] === true && last?.role === 'assistant';
  const structured = body['structured_outputs'] as { choice?: string[] } | undefined;
  return {
    index,
    path,
    model: String(body['model']),
    messages: continues ? all.slice(0, -1) : all,
    opened: continues ? last.content : '',
    prompt: path === 'completions' ? String(body['prompt']) : all.map((message) => message.content).join('\n'),
    choices: structured?.choice ?? null,
    seed: typeof body['seed'] === 'number' ? body['seed'] : null,
    temperature: typeof body['temperature'] === 'number' ? body['temperature'] : null,
    body,
    authorization,
  };
}

export function answerBody(path: string, call: FakeCall, reply: FakeReply, usageOn: boolean): unknown {
  const finish = reply.finishReason ?? 'stop';
  const counted = {
    prompt_tokens: Math.ceil(call.prompt.length / 4),
    completion_tokens: Math.ceil((reply.text ?? '').length / 4),
    total_tokens: Math.ceil(call.prompt.length / 4) + Math.ceil((reply.text ?? '').length / 4),
  };
  const usage = reply.usage !== undefined ? reply.usage : usageOn ? counted : null;
  const choice =
    path === 'completions'
      ? { index: 0, text: reply.text, finish_reason: finish }
      : { index: 0, message: { role: 'assistant', content: reply.text }, finish_reason: finish };
  return {
    id: `cmpl-${call.index}`,
    object: path === 'completions' ? 'text_completion' : 'chat.completion',
    created: 1,
    model: reply.model ?? call.model,
    choices: [choice],
    ...(usage === null ? {} : { usage }),
  };
}

export function pause(milliseconds: number, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      response.off('close', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    response.on('close', done);
  });
}

export function parseBody(raw: Buffer): Record<string, unknown> {
  return raw.length === 0 ? {} : (JSON.parse(raw.toString('utf8')) as Record<string, unknown>);
}
