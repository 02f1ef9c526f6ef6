/** Parts of requests that an endpoint does not take. */
import type { FakeCall, FakeReply } from '../../../fakes/fakeEndpoint.ts';
import type { LmCall } from '../../../../src/data/lm.ts';
import { error, type Quirk } from './quirk.ts';

/** Answers `Paris` to requests without `part`, and `refusal` to others. */
const without =
  (isIn: (body: FakeCall['body']) => boolean, refusal: FakeReply) =>
  ({ body }: FakeCall): string | FakeReply =>
    isIn(body) ? refusal : 'Paris';
const has = (key: string) => (body: FakeCall['body']) => key in body;
const formatIs = (type: string) => (body: FakeCall['body']) =>
  (body['response_format'] as { readonly type?: string } | undefined)?.type === type;

const openai = (param: string, message: string, code: string): FakeReply =>
  error(400, { error: { message, type: 'invalid_request_error', param, code } });

const jsonObject: Partial<LmCall> = { guide: { kind: 'jsonObject' } };
const jsonSchema: Partial<LmCall> = {
  guide: { kind: 'jsonSchema', name: 'answer', schema: { type: 'object', properties: {} } },
};
const withSystem: Partial<LmCall> = {
  prompt: {
    kind: 'chat',
    messages: [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'Capital of France?' },
    ],
  },
};
const folded = [{ role: 'user', content: 'Be short.\n\nCapital of France?' }];

export const refusingQuirks: readonly Quirk[] = [
  {
    quirk: 'top_p is refused',
    seenAt: 'OpenAI (gpt-5 and other reasoning models)',
    does: 'Sent without it, with a warning on the run; sampling.topP: null leaves it out from the start.',
    answer: without(
      has('top_p'),
      openai('top_p', "Unsupported parameter: 'top_p' is not supported with this model.", 'unsupported_parameter'),
    ),
    then: { text: 'Paris', without: ['top_p'], sent: { temperature: 0.1 } },
  },
  {
    quirk: 'temperature is refused but for its default',
    seenAt: 'OpenAI (o1, o3, gpt-5)',
    does: 'Sent without it, with a warning on the run; sampling.temperature: null leaves it out from the start.',
    answer: without(
      has('temperature'),
      openai(
        'temperature',
        "Unsupported value: 'temperature' does not support 0.1 with this model. Only the default (1) value is supported.",
        'unsupported_value',
      ),
    ),
    then: { text: 'Paris', without: ['temperature'], sent: { top_p: 0.97 } },
  },
  {
    quirk: 'temperature and top_p may not come together',
    seenAt: 'Anthropic (Claude 4.1 and later), Bedrock gateways',
    does: 'Sent without top_p.',
    answer: without(
      (body) => 'top_p' in body && 'temperature' in body,
      error(400, {
        error: { message: '`temperature` and `top_p` cannot both be specified for this model. Please use only one.' },
      }),
    ),
    then: { text: 'Paris', without: ['top_p'], sent: { temperature: 0.1 } },
  },
  {
    quirk: 'max_tokens is refused in favour of max_completion_tokens',
    seenAt: 'OpenAI behind Azure and gateways (o1, gpt-5)',
    does: 'The other one is sent.',
    answer: without(
      has('max_tokens'),
      openai(
        'max_tokens',
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        'unsupported_parameter',
      ),
    ),
    then: { text: 'Paris', without: ['max_tokens'], sent: { max_completion_tokens: 100 } },
  },
  {
    quirk: 'a field that the server does not know is refused, with its place',
    seenAt: 'Mistral (extra_forbidden), FastAPI servers',
    does: 'Sent without it.',
    answer: without(
      has('top_p'),
      error(422, {
        object: 'error',
        message: {
          detail: [{ type: 'extra_forbidden', loc: ['body', 'top_p'], msg: 'Extra inputs are not permitted' }],
        },
      }),
    ),
    then: { text: 'Paris', without: ['top_p'] },
  },
  {
    quirk: 'a field that the server does not know is refused, as gRPC does',
    seenAt: "Gemini's OpenAI wire",
    does: 'Sent without it.',
    answer: without(
      has('stop'),
      error(400, [
        {
          error: {
            code: 400,
            status: 'INVALID_ARGUMENT',
            message: 'Invalid JSON payload received. Unknown name "stop": Cannot find field.',
          },
        },
      ]),
    ),
    asks: { stop: ['!'] },
    then: { text: 'Paris', without: ['stop'] },
  },
  {
    quirk: 'stop is refused',
    seenAt: 'OpenAI (o3, gpt-5), xAI (Grok 4)',
    does: 'Sent without it; the answer is cut off here where it would have ended there.',
    answer: ({ body }) =>
      'stop' in body
        ? openai('stop', "Unsupported parameter: 'stop' is not supported with this model.", 'unsupported_parameter')
        : 'Paris! Of course.',
    asks: { stop: ['!'] },
    then: { text: 'Paris', without: ['stop'] },
  },
  {
    quirk: 'response_format json_object is refused',
    seenAt: 'LM Studio',
    does: 'Sent without it, as DSPy asks where there is none. A schema is still sent where one is asked for.',
    answer: without(
      formatIs('json_object'),
      error(400, { error: "'response_format.type' must be 'json_schema' or 'text'" }),
    ),
    asks: jsonObject,
    then: { text: 'Paris', without: ['response_format'] },
  },
  {
    quirk: 'response_format json_schema is refused',
    seenAt: 'DeepSeek, Groq (most models)',
    does: 'json_object is sent, as DSPy falls back.',
    answer: without(
      formatIs('json_schema'),
      error(400, { error: { message: 'This response_format type is unavailable now', type: 'invalid_request_error' } }),
    ),
    asks: jsonSchema,
    then: { text: 'Paris', sent: { response_format: { type: 'json_object' } } },
  },
  {
    quirk: 'response_format is refused whatever its type',
    seenAt: 'MLX servers, old gateways',
    does: 'Sent without it.',
    answer: without(has('response_format'), error(400, { detail: 'response_format is not supported' })),
    asks: jsonSchema,
    then: { text: 'Paris', without: ['response_format'] },
  },
  {
    quirk: 'one schema is refused, and others are taken',
    seenAt: 'OpenAI (strict schemas), Gemini',
    does: 'json_object is sent for this call alone.',
    answer: without(
      formatIs('json_schema'),
      openai(
        'response_format',
        "Invalid schema for response_format 'answer': 'required' is missing.",
        'invalid_request',
      ),
    ),
    asks: jsonSchema,
    then: { text: 'Paris', sent: { response_format: { type: 'json_object' } } },
  },
  {
    quirk: 'the system role is refused',
    seenAt: 'vLLM with Gemma and Mistral 7B templates',
    does: 'What it says begins the first user message.',
    answer: ({ messages }) =>
      messages.some(({ role }) => role === 'system')
        ? error(400, { object: 'error', message: 'System role not supported', type: 'BadRequestError', code: 400 })
        : 'Paris',
    asks: withSystem,
    then: { text: 'Paris', sent: { messages: folded } },
  },
  {
    quirk: 'the system role is refused by the template, answered 500',
    seenAt: 'llama-server',
    does: 'What it says begins the first user message.',
    answer: ({ messages }) =>
      messages.some(({ role }) => role === 'system')
        ? error(500, {
            error: {
              code: 500,
              type: 'server_error',
              message: 'Jinja Exception: Conversation roles must alternate user/assistant/user/assistant/...',
            },
          })
        : 'Paris',
    asks: withSystem,
    then: { text: 'Paris', sent: { messages: folded } },
  },
  {
    quirk: 'the refusal of the service behind a router, as JSON in a text',
    seenAt: 'OpenRouter (metadata.raw)',
    does: 'Read like the service itself.',
    answer: without(
      has('top_p'),
      error(400, {
        error: {
          message: 'Provider returned error',
          code: 400,
          metadata: {
            provider_name: 'OpenAI',
            raw: JSON.stringify({
              error: { message: "Unsupported parameter: 'top_p'", param: 'top_p', code: 'unsupported_parameter' },
            }),
          },
        },
      }),
    ),
    then: { text: 'Paris', without: ['top_p'] },
  },
  {
    quirk: 'the refusal of the service behind a proxy, as JSON in the midst of a text',
    seenAt: 'LiteLLM 1.106',
    does: 'Read like the service itself.',
    answer: without(
      has('top_p'),
      error(400, {
        error: {
          message:
            'litellm.BadRequestError: Hosted_vllmException - {"error":{"message":"top_p: not supported",' +
            '"type":"invalid_request_error","param":"top_p","code":"unsupported_parameter"}}\n\n' +
            "LiteLLM: model group 'base' failed with the error above. No fallback was attempted.",
          ...{ type: 'invalid_request_error', param: null, code: '400' },
        },
      }),
    ),
    then: { text: 'Paris', without: ['top_p'] },
  },
  {
    quirk: 'a refusal with status 200',
    seenAt: 'LM Studio, OpenRouter',
    does: 'Read like one with a status of its own.',
    answer: without(
      has('top_p'),
      error(200, { error: { code: 400, message: 'top_p is not supported by this model' } }),
    ),
    then: { text: 'Paris', without: ['top_p'] },
  },
  {
    quirk: 'a value is out of range',
    seenAt: 'OpenAI, DeepSeek, Groq, Bedrock (max_tokens), FastAPI servers (temperature), TGI (a temperature of 0)',
    does: 'The run ends in the words of the server: what was set is wrong for every call, and leaving it out would hide that.',
    answer: () =>
      error(422, {
        detail: [
          { loc: ['body', 'temperature'], msg: 'Input should be less than or equal to 1', type: 'less_than_equal' },
        ],
      }),
    then: {
      refused:
        /does not take a setting of the sampling \(422 temperature: Input should be less than or equal to 1\)\. Change it in "sampling"/,
    },
  },
  {
    quirk: 'a limit of the answer that leaves no prompt any room',
    seenAt: 'OpenAI, vLLM, TGI',
    does: 'The run ends and names "sampling"; a prompt that is too long beside a limit that others fit fails its row.',
    answer: () =>
      error(400, {
        error: {
          message:
            "This model's maximum context length is 100 tokens. However, you requested 112 tokens (12 in the messages, 100 in " +
            'the completion). Please reduce the length of the messages or completion.',
          code: 'context_length_exceeded',
        },
      }),
    then: { refused: /does not take a setting of the sampling .* Change it in "sampling" of the program/ },
  },
  {
    quirk: 'a model that cannot be loaded, answered 500',
    seenAt: 'Ollama (too little memory), llama.cpp (an architecture it does not know), LM Studio (400)',
    does: 'The run ends in the words of the server and says what to do: it would be answered the same again.',
    answer: () =>
      error(500, { error: { message: 'model requires more system memory (5.5 GiB) than is available (3.1 GiB)' } }),
    then: { refused: /cannot load model "base" \(500 model requires more system memory .*\)\. Free memory there/ },
  },
  {
    quirk: 'an answer that did not get done within its tokens, answered 400',
    seenAt: 'OpenAI (gpt-5: its thoughts took all tokens)',
    does: 'The row fails and names sampling.maxTokens.',
    answer: () =>
      error(400, {
        error: {
          message:
            'Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens.',
          type: 'invalid_request_error',
        },
      }),
    then: { rejected: /raise sampling\.maxTokens/ },
  },
  {
    quirk: 'many tokens are given as a stream alone',
    seenAt: 'Fireworks (max_tokens above 4096)',
    does: 'Asked for as a stream from then on.',
    answer: without(
      (body) => body['stream'] !== true,
      error(400, { error: { message: 'Requests with max_tokens > 4096 must have stream=true', param: 'max_tokens' } }),
    ),
    then: { text: 'Paris', sent: { stream: true } },
  },
  {
    quirk: 'the system role is refused by a list of roles',
    seenAt: 'FastAPI servers',
    does: 'What it says begins the first user message.',
    answer: ({ messages }) =>
      messages.some(({ role }) => role === 'system')
        ? error(422, {
            detail: [
              {
                type: 'literal_error',
                loc: ['body', 'messages', 0, 'role'],
                msg: "Input should be 'user' or 'assistant'",
              },
            ],
          })
        : 'Paris',
    asks: withSystem,
    then: { text: 'Paris', sent: { messages: folded } },
  },
  {
    quirk: 'answers are given as streams alone',
    seenAt: 'DashScope (QwQ, thinking models), gateways ("Stream must be set to true")',
    does: 'They are asked for as streams, with their usage, from then on.',
    answer: ({ body }) =>
      body['stream'] === true
        ? {
            text: null,
            wire: {
              text:
                'data: {"choices":[{"index":0,"delta":{"content":"Paris"},"finish_reason":"stop"}]}\n\n' +
                'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}\n\ndata: [DONE]\n\n',
              type: 'text/event-stream',
            },
          }
        : error(400, {
            error: { message: 'This model only support stream mode, please enable the stream parameter.' },
          }),
    then: { text: 'Paris', sent: { stream: true, stream_options: { include_usage: true } } },
  },
  {
    quirk: 'answers are given as streams alone, and stream_options is refused',
    seenAt: 'Databricks gateways',
    does: 'They are asked for without it from then on; their tokens count against a cap at their worst.',
    answer: ({ body }) => {
      if (body['stream'] !== true) return error(400, { error: { message: 'This model only supports streaming.' } });
      if ('stream_options' in body) {
        return error(400, { error_code: 'BAD_REQUEST', message: 'Bad request: json: unknown field "stream_options"' });
      }
      const text =
        'data: {"choices":[{"index":0,"delta":{"content":"Paris"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
      return { text: null, wire: { text, type: 'text/event-stream' } };
    },
    then: { text: 'Paris', sent: { stream: true }, without: ['stream_options'] },
  },
  {
    quirk: 'no provider of a model takes all that is asked, answered 404',
    seenAt: 'OpenRouter (with provider.require_parameters, or images)',
    does: 'The run ends and says so, instead of an unknown model.',
    answer: () =>
      error(404, { error: { message: 'No endpoints found that support the requested parameters.', code: 404 } }),
    then: { refused: /no provider of model "\S+" takes all that is asked of it.*endpoints\.\S+\.request/ },
  },
];
