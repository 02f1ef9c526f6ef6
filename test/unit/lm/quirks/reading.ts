/** Answers in shapes of their own. */
import { choice, error, message, type Quirk } from './quirk.ts';

const flaggedByRouter = {
  error: {
    message: 'anthropic/claude requires moderation. Your input was flagged for "violence".',
    code: 403,
    metadata: { reasons: ['violence'], flagged_input: 'a fight', provider_name: 'Anthropic' },
  },
};

export const readingQuirks: readonly Quirk[] = [
  {
    quirk: 'content is a list of parts, with a thinking part before the text',
    seenAt: 'Mistral (Magistral)',
    does: 'The texts among the parts, joined, are the answer.',
    answer: () =>
      message({
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] },
          { type: 'text', text: 'Pa' },
          { type: 'text', text: 'ris' },
        ],
      }),
    then: { text: 'Paris' },
  },
  {
    quirk: 'content is a list of parts without a text',
    seenAt: 'Mistral (Magistral), cut off while it thinks',
    does: 'The row fails and names sampling.maxTokens.',
    answer: () => message({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] }] }),
    then: { rejected: /without text.*sampling\.maxTokens/ },
    charged: 1,
  },
  {
    quirk: 'thoughts stand beside the content',
    seenAt: 'DeepSeek, vLLM and SGLang with a reasoning parser (reasoning_content), OpenRouter, Groq (reasoning)',
    does: 'They are no part of the answer.',
    answer: () => message({ content: 'Paris', reasoning_content: 'Hm.', reasoning: 'Hm.' }),
    then: { text: 'Paris' },
  },
  {
    quirk: 'thoughts alone, and an empty content',
    seenAt: 'DeepSeek, vLLM, cut off while the model thinks',
    does: 'The row fails, says so and names sampling.maxTokens.',
    answer: () => choice({ message: { content: '', reasoning_content: 'Hm.' }, finish_reason: 'length' }),
    then: { rejected: /thoughts alone, finish_reason length.*sampling\.maxTokens/ },
    charged: 1,
  },
  {
    quirk: 'a block <think>…</think> before the answer',
    seenAt: 'vLLM, Ollama, LM Studio without a reasoning parser (Qwen3, DeepSeek-R1)',
    does: 'It is taken off where it begins the text and is closed.',
    answer: () => '<think>\nHm.\n</think>\n\nParis',
    then: { text: 'Paris' },
  },
  {
    quirk: 'thoughts that end by </think> and begin by nothing, as the template has opened them in the prompt',
    seenAt: 'vLLM, llama-server without a reasoning parser (DeepSeek-R1, QwQ, Qwen3 Thinking)',
    does: 'They are taken off up to there.',
    answer: () => 'Perhaps [[ ## answer ## ]] Lyon?\n</think>\n\nParis',
    then: { text: 'Paris' },
  },
  {
    quirk: 'a block <think> that is not closed, or stands within the answer',
    seenAt: 'the same',
    does: 'It is text like any other.',
    answer: () => 'Paris <think>or not</think>',
    then: { text: 'Paris <think>or not</think>' },
  },
  {
    quirk: 'a rate limit with status 200',
    seenAt: 'OpenRouter',
    does: 'A rate limit like any other: fewer requests at once, asked again, never charged.',
    answer: () =>
      error(200, { error: { message: 'Rate limit exceeded: free-models-per-day', code: 429, metadata: {} } }),
    then: { unavailable: /429 Rate limit exceeded: free-models-per-day.*concurrency/ },
  },
  {
    quirk: 'a rate limit with status 200 and a code of its own',
    seenAt: 'MiniMax (base_resp)',
    does: 'A rate limit like any other.',
    answer: () =>
      error(200, { choices: null, base_resp: { status_code: 1002, status_msg: 'rate limit exceeded(RPM)' } }),
    then: { unavailable: /rate limit exceeded\(RPM\)/ },
  },
  {
    quirk: 'a place that is not served answered 400',
    seenAt: 'Gemini (FAILED_PRECONDITION), OpenAI (403, unsupported_country_region_territory)',
    does: 'The run ends, says so, and does not blame the key.',
    answer: () =>
      error(400, [
        {
          error: {
            code: 400,
            message: 'User location is not supported for the API use.',
            status: 'FAILED_PRECONDITION',
          },
        },
      ]),
    then: { refused: /does not serve this account, or not from here \(400 User location/ },
  },
  {
    quirk: 'an account that is suspended answered 412',
    seenAt: 'Fireworks (PRECONDITION_FAILED)',
    does: 'The run ends and says that there is no credit left.',
    answer: () =>
      error(412, {
        error: {
          message: 'Account lab is suspended, possibly due to reaching the monthly spending limit.',
          code: 'PRECONDITION_FAILED',
        },
      }),
    then: { refused: /no credit left \(412 Account lab/ },
  },
  {
    quirk: 'a filter that says a number of four digits',
    seenAt: 'Zhipu, Z.ai (1301)',
    does: 'The row fails, and says that a filter is the cause.',
    answer: () => error(400, { error: { code: '1301', message: '可能包含不安全或敏感内容' } }),
    then: { rejected: /filter of the service/ },
  },
  {
    quirk: 'an empty account answered 429 with a number of four digits',
    seenAt: 'Zhipu, Z.ai (1113)',
    does: 'The run ends and says that there is no credit left.',
    answer: () => error(429, { error: { code: '1113', message: '余额不足或无可用资源包,请充值。' } }),
    then: { refused: /no credit left/ },
  },
  {
    quirk: 'an empty account with status 200 and a code of its own',
    seenAt: 'MiniMax (base_resp 1008)',
    does: 'The run ends and says that there is no credit left.',
    answer: () => error(200, { base_resp: { status_code: 1008, status_msg: 'insufficient balance' } }),
    then: { refused: /no credit left/ },
  },
  {
    quirk: 'a filter with status 200 and a code of its own',
    seenAt: 'MiniMax (base_resp 1026, 1027)',
    does: 'The row fails, and says that a filter is the cause.',
    answer: () => error(200, { choices: null, base_resp: { status_code: 1026, status_msg: 'input new_sensitive' } }),
    then: { rejected: /input new_sensitive.*filter of the service/ },
  },
  {
    quirk: 'a limit of tokens per minute that is called an empty quota',
    seenAt: 'DashScope (insufficient_quota, error-code#token-limit)',
    does: 'A rate limit.',
    answer: () =>
      error(429, {
        error: {
          code: 'insufficient_quota',
          message:
            'You exceeded your current quota. See https://help.aliyun.com/zh/model-studio/error-code#token-limit',
        },
      }),
    then: { unavailable: /rate limit, 429 You exceeded/ },
  },
  {
    quirk: 'errors as a list, with names of gRPC',
    seenAt: "Gemini's OpenAI wire",
    does: 'Read as what the name means: RESOURCE_EXHAUSTED is a rate limit.',
    answer: () =>
      error(429, [{ error: { code: 429, message: 'Quota exceeded for metric', status: 'RESOURCE_EXHAUSTED' } }]),
    then: { unavailable: /rate limit, 429 Quota exceeded for metric/ },
  },
  {
    quirk: 'an error with status 200 and a code of gRPC',
    seenAt: 'gateways before gRPC services (Triton, Yandex)',
    does: 'Read as what the code means: 8 is a rate limit, 14 is asked again.',
    answer: () => error(200, { code: 8, message: 'ai.gen.requests rate quota limit exceed', details: [] }),
    then: { unavailable: /ai\.gen\.requests/ },
  },
  {
    quirk: 'an upstream failure with status 200',
    seenAt: 'OpenRouter ("Provider returned error")',
    does: 'Asked again, never charged, never remembered; what the service behind it said is shown.',
    answer: () =>
      error(200, {
        error: { message: 'Provider returned error', code: 502, metadata: { raw: '{"error":{"message":"boom"}}' } },
      }),
    then: { unavailable: /502 Provider returned error: boom/ },
  },
  {
    quirk: 'a choice that its service did not finish (an error in it, finish_reason error)',
    seenAt: 'OpenRouter',
    does: 'Asked again and never remembered; it may have been charged, so it counts at its worst.',
    answer: () =>
      choice({ message: { content: 'Pa' }, finish_reason: 'error', error: { code: 502, message: 'upstream gone' } }),
    then: { unavailable: /502 upstream gone/ },
    charged: 3,
  },
  {
    quirk: 'an error in words alone, with status 200',
    seenAt: 'LM Studio',
    does: 'An upstream failure: asked again.',
    answer: () => error(200, { error: 'Model unloaded.' }),
    then: { unavailable: /error Model unloaded\./ },
  },
  {
    quirk: 'a flagged prompt answered 403, or with status 200',
    seenAt: 'OpenRouter (moderation)',
    does: 'The row fails; the key is not blamed, and the run goes on.',
    answer: () => error(403, flaggedByRouter),
    then: { rejected: /flagged for "violence".*filter of the service/ },
  },
  {
    quirk: 'a flagged prompt with status 200',
    seenAt: 'OpenRouter (moderation)',
    does: 'The row fails, and the run goes on.',
    answer: () => error(200, flaggedByRouter),
    then: { rejected: /flagged for "violence"/ },
  },
  {
    quirk: 'a flagged prompt answered 400 with a code of its own',
    seenAt: 'Azure (content_filter), DashScope (data_inspection_failed)',
    does: 'The row fails, and says that a filter is the cause.',
    answer: () =>
      error(400, {
        error: { code: 'data_inspection_failed', message: 'Input data may contain inappropriate content.' },
      }),
    then: { rejected: /inappropriate content.*filter of the service/ },
  },
  {
    quirk: 'a prompt that is too long answered 500',
    seenAt: 'llama-server (exceed_context_size_error)',
    does: 'The row fails, with what to do about long prompts.',
    answer: () =>
      error(500, {
        error: {
          code: 500,
          type: 'exceed_context_size_error',
          message: 'the request exceeds the available context size',
        },
      }),
    then: { rejected: /context size.*fewer demos or shorter inputs/ },
  },
  {
    quirk: 'a prompt that is too long answered 413 or 429',
    seenAt: 'Groq, OpenAI (a request above the limit of tokens per minute by itself)',
    does: 'The row fails: asked again it would be refused again.',
    answer: () =>
      error(429, {
        error: {
          message: 'Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 61531.',
          code: 'rate_limit_exceeded',
        },
      }),
    then: { rejected: /Requested 61531.*fewer demos or shorter inputs/ },
  },
  {
    quirk: 'a limit of tokens over time that speaks of too many tokens',
    seenAt: 'Bedrock gateways',
    does: 'A rate limit.',
    answer: () => error(429, { message: 'Too many tokens, please wait before trying again.' }),
    then: { unavailable: /rate limit, 429 Too many tokens/ },
  },
  {
    quirk: 'an error in "detail", as text',
    seenAt: 'FastAPI servers (TabbyAPI, LiteLLM proxies, own ones)',
    does: 'It is shown in the words of the server.',
    answer: () => error(400, { detail: 'prompt is longer than this server takes' }),
    then: { rejected: /400 prompt is longer than this server takes/ },
  },
  {
    quirk: 'an error in "detail", as a list',
    seenAt: 'FastAPI servers',
    does: 'It is shown with the field that is blamed.',
    answer: () => error(422, { detail: [{ loc: ['body', 'messages'], msg: 'Field required', type: 'missing' }] }),
    then: { rejected: /422 messages: Field required/ },
  },
  {
    quirk: 'an error with its message at the top',
    seenAt: 'vLLM, Mistral',
    does: 'It is shown in the words of the server.',
    answer: () => error(400, { object: 'error', message: 'bad multimodal input', type: 'BadRequestError', code: 400 }),
    then: { rejected: /400 bad multimodal input/ },
  },
  {
    quirk: 'a wrong key answered 400',
    seenAt: 'Gemini',
    does: 'The run ends and names the key.',
    answer: () => error(400, [{ error: { code: 400, message: 'API key not valid. Please pass a valid API key.' } }]),
    then: { refused: /does not accept the key/ },
  },
  {
    quirk: 'a wrong key answered 400, as a database that is not there',
    seenAt: 'LiteLLM 1.106 without a database',
    does: 'The run ends and names the key.',
    answer: () =>
      error(400, { error: { message: 'No connected db.', type: 'no_db_connection', param: null, code: '400' } }),
    then: { refused: /does not accept the key/ },
  },
  {
    quirk: 'an error of the service behind a proxy, as JSON in the midst of a text',
    seenAt: 'LiteLLM 1.106',
    does: 'Read, and shown, like the service itself.',
    answer: () =>
      error(400, {
        error: {
          message:
            'litellm.ContextWindowExceededError: litellm.BadRequestError: ContextWindowExceededError: Hosted_vllmException - ' +
            '{"error":{"message":"This model\'s maximum context length is 8191 tokens. However, your prompt has 20031 tokens.",' +
            '"type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}\nmodel=base. ' +
            "context_window_fallbacks=None. fallbacks=None.\n\nLiteLLM: model group 'base' failed with the error above.",
          ...{ type: 'invalid_request_error', param: null, code: '400' },
        },
      }),
    then: {
      rejected: /: 400 This model's maximum context length is 8191 tokens\. .*20031 tokens\. The prompt does not/,
    },
  },
  {
    quirk: 'a model that a proxy does not list answered 400',
    seenAt: 'LiteLLM 1.106',
    does: 'The run ends and names "model".',
    answer: () => {
      const message =
        '/chat/completions: Invalid model name passed in model=base. Call `/v1/models` to view available models for your key.';
      return error(400, {
        error: {
          ...{ message, type: 'invalid_request_error', param: null, code: '400' },
          provider_specific_fields: { error: message },
        },
      });
    },
    then: { refused: /does not know model "base"/ },
  },
  {
    quirk: 'an empty account answered 429 or 400',
    seenAt: 'OpenAI (insufficient_quota), Moonshot (exceeded_current_quota_error), DashScope (Arrearage)',
    does: 'The run ends and says that there is no credit left.',
    answer: () => error(400, { error: { code: 'Arrearage', message: 'Access denied, your account is in arrears.' } }),
    then: { refused: /no credit left/ },
  },
  {
    quirk: 'a model that is not known answered 400, in words alone',
    seenAt: 'DeepSeek, OpenRouter, LiteLLM proxies',
    does: 'The run ends and names "model".',
    answer: () => error(400, { error: { message: 'Model Not Exist', code: 'invalid_request_error' } }),
    then: { refused: /does not know model "base" \(400 Model Not Exist\).*"model"/ },
  },
  {
    quirk: 'a failure that passes, with a status of its own',
    seenAt: 'Cloudflare (530), Groq (498), text-generation-inference (424)',
    does: 'Asked again, never charged, never remembered.',
    answer: ({ index }) =>
      index < 2 ? error([530, 498][index]!, { error: { message: 'capacity exceeded' } }) : 'Paris',
    then: { text: 'Paris' },
  },
  {
    quirk: 'a model that is not known answered 400',
    seenAt: 'Mistral (invalid_model)',
    does: 'The run ends and names "model".',
    answer: () => error(400, { object: 'error', message: 'Invalid model: x', type: 'invalid_model', code: '1500' }),
    then: { refused: /does not know model/ },
  },
  {
    quirk: 'thoughts in the marks of another model',
    seenAt: 'Seed-OSS, Kimi-VL (◁think▷), Magistral ([THINK]), Command A, served without a reasoning parser',
    does: 'They are taken off as a block <think> is.',
    answer: () => '◁think▷Hm. London?◁/think▷Paris',
    then: { text: 'Paris' },
  },
  {
    quirk: "gpt-oss's format as it is, with its channels",
    seenAt: 'vLLM, llama-server, proxies that do not read it',
    does: 'The final channel is the answer.',
    answer: () =>
      '<|channel|>analysis<|message|>London? No.<|end|><|start|>assistant<|channel|>final<|message|>Paris<|return|>',
    then: { text: 'Paris' },
  },
  {
    quirk: 'an empty content with finish_reason content_filter',
    seenAt: 'Azure, Gemini',
    does: 'The row fails, and says that a filter is the cause.',
    answer: () => choice({ message: { content: '' }, finish_reason: 'content_filter' }),
    then: { rejected: /without text \(finish_reason content_filter\)\. A filter of the service/ },
    charged: 1,
  },
  {
    quirk: 'an empty content with finish_reason length',
    seenAt: 'OpenAI (gpt-5, o3: the thoughts took all tokens and are not shown)',
    does: 'The row fails, says so and names sampling.maxTokens.',
    answer: () => choice({ message: { content: '' }, finish_reason: 'length' }),
    then: { rejected: /without text \(finish_reason length\)\. .*sampling\.maxTokens/ },
    charged: 1,
  },
  {
    quirk: 'the model refuses (refusal) and has no content',
    seenAt: 'OpenAI',
    does: 'The row fails in its words.',
    answer: () => message({ content: null, refusal: "I can't help with that." }),
    then: { rejected: /without text \(I can't help with that\.\)\. The model itself refuses/ },
    charged: 1,
  },
  {
    quirk: 'a call of a tool where none was offered',
    seenAt: 'vLLM and SGLang with a tool parser, Databricks (json_tool_call)',
    does: 'The row fails, says so and what to turn off.',
    answer: () =>
      choice({
        message: { content: null, tool_calls: [{ type: 'function', function: { name: 'json', arguments: '{}' } }] },
        finish_reason: 'tool_calls',
      }),
    then: { rejected: /a call of a tool alone.*tool parser/ },
    charged: 1,
  },
  {
    quirk: 'a call of a tool beside an empty text',
    seenAt: 'llama-server, Ollama',
    does: 'As where the text is null.',
    answer: () =>
      choice({
        message: { content: '', tool_calls: [{ type: 'function', function: { name: 'json', arguments: '{}' } }] },
        finish_reason: 'tool_calls',
      }),
    then: { rejected: /a call of a tool alone.*tool parser/ },
    charged: 1,
  },
  {
    quirk: 'choices is null',
    seenAt: 'vLLM behind gateways',
    does: 'The call is made again: what stands between had none at hand.',
    answer: () => error(200, { object: 'chat.completion', choices: null, usage: null }),
    then: { unavailable: /broken answer: .*not a completion/ },
    charged: 1,
  },
  {
    quirk: 'the answer is wrapped',
    seenAt: 'Cloudflare (result), gateways of firms (data, response)',
    does: 'What is wrapped is the answer.',
    answer: () => error(200, { success: true, errors: [], result: { choices: [{ message: { content: 'Paris' } }] } }),
    then: { text: 'Paris' },
  },
  {
    quirk: 'content is an object where JSON was asked for',
    seenAt: 'Cloudflare Workers AI',
    does: 'Its JSON is the answer.',
    answer: () => message({ content: { city: 'Paris' } }),
    then: { text: '{"city":"Paris"}' },
  },
  {
    quirk: 'finish_reason is a number or an object',
    seenAt: 'servers of one’s own',
    does: 'It counts as unknown.',
    answer: () => choice({ message: { content: 'Paris' }, finish_reason: { type: 'stop' } }),
    then: { text: 'Paris' },
  },
  {
    quirk: 'choices in another order than their index',
    seenAt: 'gateways that ask several servers',
    does: 'The one with index 0 is the answer.',
    answer: () => ({
      text: null,
      raw: { choices: [1, 0].map((index) => ({ index, message: { content: index === 0 ? 'Paris' : 'London' } })) },
    }),
    then: { text: 'Paris' },
  },
  {
    quirk: 'NaN in the JSON of an answer',
    seenAt: 'Python servers (log probabilities)',
    does: 'It is read as null.',
    answer: () => ({
      text: null,
      wire: {
        text: '{"choices": [{"message": {"content": "Paris NaN"}, "logprobs": NaN, "score": -Infinity}]}',
        type: 'application/json',
      },
    }),
    then: { text: 'Paris NaN' },
  },
  {
    quirk: 'a model that is gone, answered 410',
    seenAt: 'gateways, NVIDIA',
    does: 'The run ends and names "model".',
    answer: () => error(410, { error: { message: 'This API is deprecated.' } }),
    then: { refused: /does not know model "base" \(410/ },
  },
  {
    quirk: 'an error in plain text',
    seenAt: 'proxies, servers of one’s own',
    does: 'It is read as any other: a prompt that is too long fails its row.',
    answer: () => ({
      text: null,
      status: 500,
      wire: { text: 'prompt is too long: 5000 tokens > 4096 maximum', type: 'text/plain' },
    }),
    then: { rejected: /500 prompt is too long: 5000 tokens > 4096 maximum\. The prompt does not fit the model/ },
  },
  {
    quirk: 'an address that it does not know, answered 200',
    seenAt: 'LM Studio',
    does: 'The run ends and names "baseURL".',
    answer: () => ({ text: null, raw: { error: 'Unexpected endpoint or method. (POST /chat/completions)' } }),
    then: { refused: /Unexpected endpoint or method.*endpoints\.lab\.baseURL \(it usually ends in \/v1\)/ },
  },
  {
    quirk: 'a model that crashed or was unloaded, answered 400',
    seenAt: 'LM Studio',
    does: 'It is asked again, and the run pauses where it does not come back: no row scores 0 for it.',
    answer: () => error(400, { error: 'Model is unloaded.' }),
    then: { unavailable: /400 Model is unloaded/ },
  },
  {
    quirk: 'the mark of the end of a turn at the end of the answer',
    seenAt: 'llama.cpp with a GGUF that does not name it, MLX, vLLM with skip_special_tokens off',
    does: 'It is taken off: it would make every comparison fail.',
    answer: () => message({ content: 'Paris<|im_end|>\n' }),
    then: { text: 'Paris' },
  },
  {
    quirk: 'an answer that broke off for want of room',
    seenAt: 'DeepSeek (insufficient_system_resource), SGLang (abort)',
    does: 'It is no answer, and asked for again.',
    answer: () => choice({ message: { content: 'Par' }, finish_reason: 'insufficient_system_resource' }),
    then: { unavailable: /the answer broke off \(finish_reason insufficient_system_resource\)/ },
    charged: 1,
  },
  {
    quirk: 'reasons of ending by other names',
    seenAt: 'Gemini (content_filter: …, MAX_TOKENS), TGI (eos_token), Mistral (model_length)',
    does: 'They are read as stop, length and content_filter.',
    answer: () => choice({ message: { content: '' }, finish_reason: 'content_filter: PROHIBITED_CONTENT' }),
    then: { rejected: /without text \(finish_reason content_filter: PROHIBITED_CONTENT\).*A filter of the service/ },
    charged: 1,
  },
];
