/** Which part of a request an error blames, in the words of servers. */
import { describe, expect, test } from 'vitest';
import type { LmRequest } from '../../../src/wire/requestBody.ts';
import { wordsOf } from '../../../src/wire/errorWords.ts';
import { refusalIn } from '../../../src/wire/refusedPart.ts';

const schema = { type: 'json_schema', json_schema: { name: 'a', schema: {} } };
const full: LmRequest['body'] = {
  model: 'm',
  messages: [
    { role: 'system', content: 'a' },
    { role: 'user', content: 'b' },
    { role: 'assistant', content: 'c' },
  ],
  continue_final_message: true,
  add_generation_prompt: false,
  temperature: 0.1,
  top_p: 0.97,
  seed: 1,
  stop: ['\n'],
  max_tokens: 5,
  structured_outputs: { choice: ['x'] },
};
const request = (body: LmRequest['body']): LmRequest => ({ path: '/chat/completions', body, leftOut: [], unsent: {} });
const blamed = (body: unknown, sent = full) => refusalIn(request(sent), 400, wordsOf(body));
const said = (message: string, more: object = {}) => ({ error: { message, ...more } });

describe('an error blames', () => {
  test.each([
    ['topP', said("Unsupported parameter: 'top_p' is not supported with this model.")],
    ['topP', said('Unrecognized request argument supplied: top_p')],
    ['topP', { detail: [{ type: 'extra_forbidden', loc: ['body', 'top_p'], msg: 'Extra inputs are not permitted' }] }],
    ['topP', said('`temperature` and `top_p` cannot both be specified for this model. Please use only one.')],
    ['topP', said('x', { param: 'top_p', code: 'unsupported_parameter' })],
    ['topP', { object: 'error', message: 'top_p must be 1 when using greedy sampling.' }],
    ['topP', said('`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.')],
    ['temperature', said('invalid temperature: only 1 is allowed for this model')],
    ['temperature', said('`temperature` may only be set to 1 when thinking is enabled.')],
    ['stop', said('Model grok-4 does not support parameter stop.')],
    [
      'temperature',
      said(
        "Unsupported value: 'temperature' does not support 0.1 with this model. Only the default (1) value is supported.",
      ),
    ],
    ['temperature', said('temperature is deprecated for this model')],
    ['seed', said('Invalid JSON payload received. Unknown name "seed": Cannot find field.')],
    ['seed', said("property 'seed' is unsupported")],
    ['seed', said("unknown field: parameter 'seed' is not a valid field")],
    ['stop', said("Unsupported parameter: 'stop' is not supported with this model.")],
    ['stop', said('Argument not supported on this model: stop')],
    [
      'max_tokens',
      said(
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      ),
    ],
    ['choice', said("Unknown parameter: 'structured_outputs'.")],
    [
      'opened',
      said('This model does not support assistant message prefill. The conversation must end with a user message.'),
    ],
    ['opened', said("Unknown parameter: 'continue_final_message'.")],
    ['systemRole', { object: 'error', message: 'System role not supported', code: 400 }],
    [
      'systemRole',
      said("Unsupported value: 'messages[0].role' does not support 'system' with this model.", {
        param: 'messages[0].role',
        code: 'unsupported_value',
      }),
    ],
    ['systemRole', said('Developer instruction is not enabled for models/gemma-3-27b-it')],
    ['systemRole', said('Conversation roles must alternate user/assistant/user/assistant/...')],
    ['systemRole', said('Only user and assistant roles are supported!')],
  ])('%s: %j', (part, body) => {
    expect(blamed(body)).toEqual({ part, ofCall: false });
  });

  test.each([
    ["'response_format.type' must be 'json_schema' or 'text'", 'json_object', 'jsonObject', false],
    ['This response_format type is unavailable now', 'json_schema', 'jsonSchema', false],
    [
      'This model does not support response format `json_schema`. See supported models',
      'json_schema',
      'jsonSchema',
      false,
    ],
    ['response_format is not supported', 'json_object', 'jsonObject', false],
    ["Invalid schema for response_format 'a': 'required' is missing", 'json_schema', 'jsonSchema', true],
    ['failed to parse grammar', 'json_schema', 'jsonSchema', true],
    ['Grammar error: Unimplemented keys: ["patternProperties"]', 'json_schema', 'jsonSchema', true],
    [
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
      'json_object',
      'jsonObject',
      true,
    ],
  ])('%s, of a %s: %s', (message, type, part, ofCall) => {
    const format = type === 'json_schema' ? schema : { type };
    expect(blamed(said(message), { ...full, response_format: format })).toEqual({ part, ofCall });
  });

  test.each([
    [said("Unsupported value: 'max_completion_tokens'")],
    [said('Internal server error')],
    [said('Input should be less than or equal to 1', { param: 'temperature' })],
    [said('Invalid max_tokens value, the valid range of max_tokens is [1, 8192]')],
    [said('Failed to generate JSON. Please adjust your prompt.', { code: 'json_validate_failed' })],
    [said('model is not supported')],
  ])('no part that was sent: %j', (body) => {
    expect(blamed(body)).toBeNull();
  });

  test('max_tokens in chats alone: nothing stands in for it in completions', () => {
    const completion = { ...request({ model: 'm', prompt: 'a', max_tokens: 5 }), path: '/completions' as const };
    expect(refusalIn(completion, 400, wordsOf(said("Unsupported parameter: 'max_tokens'")))).toBeNull();
  });

  test('nothing that is not in the request', () => {
    expect(blamed(said("'top_p' is not supported"), { model: 'm', messages: [] })).toBeNull();
  });
});
