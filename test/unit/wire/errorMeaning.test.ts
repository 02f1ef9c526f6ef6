/** Errors in the words of servers, and what each means. */
import { describe, expect, test } from 'vitest';
import { meaningOf, statusWithin } from '../../../src/wire/errorMeaning.ts';
import { wordsOf } from '../../../src/wire/errorWords.ts';

describe('an error means', () => {
  test.each([
    [400, "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens."],
    [
      400,
      "'max_tokens' or 'max_completion_tokens' is too large: 2000. This model's maximum context length is 4096 tokens.",
    ],
    [400, 'The decoder prompt (length 3000) is longer than the maximum model length of 2048.'],
    [400, 'prompt is too long: 210000 tokens > 200000 maximum'],
    [400, 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).'],
    [400, 'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length'],
    [400, 'Range of input length should be [1, 30720]'],
    [400, 'input length exceeds the context length'],
    [
      400,
      'Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens',
    ],
    [400, 'The number of tokens to keep from the initial prompt is greater than the context length.'],
    [400, "The input (5000 tokens) is longer than the model's context length (4096 tokens)."],
    [400, 'Requested tokens (5000) exceed context window of 2048'],
    [400, 'Input is too long for requested model.'],
    [422, 'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000'],
    [422, 'Input validation error: `inputs` must have less than 1024 tokens. Given: 1500'],
    [
      413,
      'Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 11838, please reduce your message size and try again.',
    ],
    [429, 'Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 61531.'],
    [500, 'the request exceeds the available context size. try increasing the context size or enable context shift'],
    [500, 'input is too large to process. increase the physical batch size'],
    [502, 'litellm.ContextWindowExceededError: prompt is too long'],
    [400, 'Your input exceeds the context window of this model. Please adjust your input and try again.'],
    [400, 'Bad request: prompt token count (9000) cannot exceed 8192.'],
    [400, 'too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000.'],
    [400, 'the number of input tokens 5000 cannot exceed the total tokens limit 4096 for this model'],
    [400, 'Invalid request: Your request exceeded model token limit: 8192'],
  ])('%i, too long: %s', (status, message) => {
    expect(meaningOf(status, wordsOf({ error: { message } }))).toBe('tooLong');
  });

  test.each([
    [
      429,
      {
        error: {
          message: 'Rate limit reached for gpt-4o on tokens per min. Please try again in 6ms.',
          code: 'rate_limit_exceeded',
        },
      },
    ],
    [429, { message: 'Too many tokens, please wait before trying again.' }],
    [429, { error: { message: 'You exceeded your current quota', status: 'RESOURCE_EXHAUSTED' } }],
    [529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }],
    [400, { code: 'Throttling.RateQuota', message: 'Requests rate limit exceeded, please try again later.' }],
    [503, { error: { code: 'engine_overloaded_error', message: 'The engine is currently overloaded' } }],
  ])('%i, a rate limit: %j', (status, body) => {
    expect(meaningOf(status, wordsOf(body))).toBe('rateLimit');
  });

  test.each([
    [429, { error: { code: 'insufficient_quota', message: 'You exceeded your current quota' } }, 'noCredit'],
    [429, { error: { type: 'exceeded_current_quota_error', message: 'Your account is suspended' } }, 'noCredit'],
    [402, { error: { message: 'Insufficient Balance' } }, 'noCredit'],
    [400, { error: { message: 'Budget has been exceeded!', type: 'budget_exceeded', code: '400' } }, 'noCredit'],
    [403, { code: 403, reason: 'NOT_ENOUGH_BALANCE', message: 'not enough balance' }, 'noCredit'],
    [403, { error: { code: 'AccountOverdueError', message: 'Your account has an overdue balance.' } }, 'noCredit'],
    [403, { error: { message: 'You have exceeded your file storage quota.' } }, 'denied'],
    [403, { error: { message: 'Your organization must be verified to use the model.' } }, 'denied'],
    [400, [{ error: { code: 400, message: 'API Key not found. Please pass a valid API key.' } }], 'wrongKey'],
    [403, { error_code: '403', message: 'Invalid access token.' }, 'wrongKey'],
    [403, { message: 'The security token included in the request is expired' }, 'wrongKey'],
    [400, { message: 'The provided model identifier is invalid.' }, 'unknownModel'],
    [400, { error: { message: 'No provider has it', code: 'model_not_supported' } }, 'unknownModel'],
    [400, { error: { message: 'Not by any provider', code: 'model_not_supported', param: 'model' } }, 'unknownModel'],
    [400, { error: { message: "'response_format' is not supported", code: 'model_not_supported' } }, 'rejected'],
    [400, { error: { message: 'Not with it', code: 'model_not_supported', param: 'temperature' } }, 'rejected'],
    [400, { error: { message: "In schema: property 'access token' is invalid" } }, 'rejected'],
    [400, { error: { message: 'auth token parameter is invalid' } }, 'rejected'],
    [400, { error: { message: 'cannot answer "the account must be verified first"' } }, 'rejected'],
    [400, { error: { message: 'Missing required query parameter: api-version' } }, 'everyCall'],
    [400, { error: { message: 'API version not supported' } }, 'everyCall'],
    [400, { message: 'Either x-portkey-config or x-portkey-provider header is required' }, 'everyCall'],
    [400, { error: { message: 'anthropic-version: header is required' } }, 'everyCall'],
    [400, { error: 'Missing required header: x-team' }, 'everyCall'],
    [422, { detail: [{ loc: ['header', 'x-team'], msg: 'Field required' }] }, 'everyCall'],
    [400, { error: { message: 'cannot answer "Missing required header: x-team"' } }, 'rejected'],
    [400, { error: { message: 'the header is missing' } }, 'rejected'],
    [409, { error: { message: 'A job with this name already exists' } }, 'rejected'],
    [409, { error: { message: 'The display name of the job is already in use' } }, 'rejected'],
    [409, { error: { message: 'The deployment is already in use' } }, 'passing'],
    [409, { error: { message: 'The lock is already taken' } }, 'passing'],
    [400, { error: 'Cannot truncate prompt with n_keep (5000) >= n_ctx (4096)' }, 'tooLong'],
    [400, { message: '{"external_model_error":{"message":"Input is too long for requested model."}}' }, 'tooLong'],
    [400, { error: { code: 'content_filter', message: "The response was filtered due to Azure's policy" } }, 'flagged'],
    [403, { error: 'Content violates usage guidelines.' }, 'flagged'],
    [401, { error: { message: 'Incorrect API key provided' } }, 'wrongKey'],
    [403, { error: { message: 'Project does not have access' } }, 'forbidden'],
    [400, { error: { message: 'API key not valid. Please pass a valid API key.' } }, 'wrongKey'],
    [404, { error: { message: 'model "x" not found, try pulling it first' } }, 'unknownModel'],
    [400, { object: 'error', message: 'Invalid model: x', type: 'invalid_model' }, 'unknownModel'],
    [400, { error: { message: 'Model Not Exist', code: 'invalid_request_error' } }, 'unknownModel'],
    [400, { error: { message: 'foo/bar is not a valid model ID', code: 400 } }, 'unknownModel'],
    [
      400,
      { error: { message: 'Invalid model name passed in model=x. Call `/v1/models`', code: '400' } },
      'unknownModel',
    ],
    [400, { error: { message: 'The model `x` has been decommissioned and is no longer supported.' } }, 'unknownModel'],
    [400, { error: { message: 'Unable to access model x', code: 'model_not_available' } }, 'unknownModel'],
    [403, { error: { message: 'Project has no access to model `x`', code: 'model_not_found' } }, 'unknownModel'],
    [400, { error: { message: 'seed was not found among the parameters of the model' } }, 'rejected'],
    [400, { error: { message: 'invalid model output: no JSON' } }, 'rejected'],
    [400, { error: { message: 'Your credit balance is too low to access the API.' } }, 'noCredit'],
    [403, { code: 30001, message: 'Sorry, your account balance is insufficient' }, 'noCredit'],
    [403, { error: { message: 'Key limit exceeded (total limit).', code: 403 } }, 'noCredit'],
    [400, { message: 'ThrottlingException: Too many requests, please wait before trying again.' }, 'rateLimit'],
    [400, { error: { message: 'Content Exists Risk' } }, 'flagged'],
    [413, '<html><title>413 Request Entity Too Large</title></html>', 'tooLong'],
    [400, { message: 'too many tokens: size limit exceeded by 500 tokens.' }, 'tooLong'],
    [424, { error: 'Request failed during generation: CUDA out of memory', error_type: 'generation' }, 'passing'],
    [498, { error: { message: 'Flex tier capacity exceeded', code: 'capacity_exceeded' } }, 'passing'],
    [530, 'error code: 1033', 'passing'],
    [500, { error: { message: 'CUDA error' } }, 'passing'],
    [400, { error: 'Model is unloaded.' }, 'passing'],
    [400, { error: { message: 'Failed to load model "gpt-oss-20b". Error: Error loading model.' } }, 'passing'],
    [400, { error: 'The model has crashed without additional information. (Exit code: null)' }, 'passing'],
    [200, { error: 'Unexpected endpoint or method. (POST /chat/completions)' }, 'unknownModel'],
    [400, '<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>', 'cannot'],
    [400, 'Client sent an HTTP request to an HTTPS server.', 'cannot'],
    [502, '<html>Bad gateway</html>', 'passing'],
    [501, { error: 'Not implemented' }, 'cannot'],
  ] as const)('%i %j: %s', (status, body, meaning) => {
    expect(meaningOf(status, wordsOf(body))).toBe(meaning);
  });

  const asked = (most: number, prompt: number, answer: number) =>
    `This model's maximum context length is ${most} tokens. However, you requested ${prompt + answer} tokens ` +
    `(${prompt} in the messages, ${answer} in the completion). Please reduce the length of the messages or completion.`;
  const ofVllm = (most: number, prompt: number, answer: number) =>
    `'max_tokens' or 'max_completion_tokens' is too large: ${answer}. This model's maximum context length is     ${most} tokens ` +
    `and your request has ${prompt} input tokens (${answer} > ${most} - ${prompt}).`;
  const ofTgi = (prompt: number, answer: number) =>
    'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. ' +
    `Given: ${prompt} \`inputs\` tokens and ${answer} \`max_new_tokens\``;
  const ofVertex =
    'Unable to submit request because it has a maxOutputTokens value of 65536 but the supported range is from 1 (inclusive) ' +
    'to 65536 (exclusive). Update the value and try again.';
  test.each([
    // OpenAI, Azure, and gateways in front of them
    [
      400,
      'max_tokens is too large: 6000. This model supports at most 4096 completion tokens, whereas you provided 6000.',
      'outOfRange',
    ],
    [
      400,
      "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.",
      'outOfRange',
    ],
    [
      400,
      "Invalid 'max_completion_tokens': integer below minimum value. Expected a value >= 16, but got 5.",
      'outOfRange',
    ],
    [400, "2.5 is greater than the maximum of 2 - 'temperature'", 'outOfRange'],
    [400, asked(8192, 12, 8192), 'outOfRange'],
    [400, asked(8192, 8064, 192), 'tooLong'],
    [400, 'Could not finish the message because max_tokens or model output limit was reached.', 'unfinished'],
    // DeepSeek, Groq, Ark, Ollama's cloud, Anthropic, Bedrock, Vertex, Scaleway
    [400, 'Invalid max_tokens value, the valid range of max_tokens is [1, 8192]', 'outOfRange'],
    [400, '`max_tokens` must be less than or equal to `8192`, the maximum value for it', 'outOfRange'],
    [400, "'temperature' : number must be at most 2", 'outOfRange'],
    [
      400,
      'The parameter `max_completion_tokens` specified in the request are not valid: integer above maximum value',
      'outOfRange',
    ],
    [400, "max_tokens (384000) exceeds model's maximum output tokens (65536)", 'outOfRange'],
    [400, 'max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens', 'outOfRange'],
    [400, 'temperature: range: 0..1', 'outOfRange'],
    [400, 'The maximum tokens you requested exceeds the model limit of 4096.', 'outOfRange'],
    [400, ofVertex, 'outOfRange'],
    [416, 'max_completion_tokens is limited for this model', 'outOfRange'],
    // What is left beside the prompt, which is of one row
    [400, 'max_tokens (4096) exceeds what the prompt leaves (3000)', 'rejected'],
    [400, "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got -50 instead.", 'rejected'],
    // vLLM, TGI
    [400, 'max_tokens=8888 cannot be greater than max_model_len=max_total_tokens=3072.', 'outOfRange'],
    [400, ofVllm(8192, 12, 8192), 'outOfRange'],
    [400, ofVllm(8192, 24, 8180), 'tooLong'],
    [400, 'max_tokens must be at least 1, got -186.', 'tooLong'],
    [400, 'max_tokens must be at least 1, got 0.', 'tooLong'],
    [400, 'max_tokens must be greater than 0, got -12', 'tooLong'],
    [400, 'max_tokens must be greater than or equal to 1, got 0', 'tooLong'],
    [400, 'prompt tokens (3900) + max_tokens must be less than 4096', 'tooLong'],
    [400, 'Number of prompt tokens and max_tokens should be at most 8192', 'tooLong'],
    [400, 'max_tokens must be at most 8192, got 9000', 'outOfRange'],
    [400, 'top_p must be in (0, 1], got 0.0.', 'outOfRange'],
    [422, ofTgi(12, 10_000), 'outOfRange'],
    [422, ofTgi(4000, 1000), 'tooLong'],
    [422, 'Input validation error: `temperature` must be strictly positive', 'outOfRange'],
    [422, 'Input validation error: `top_p` must be > 0.0 and < 1.0', 'outOfRange'],
    [400, 'the temperature of the oven must be given', 'rejected'],
    // Ollama, LM Studio, Hugging Face
    [500, 'model requires more system memory (5.5 GiB) than is available (3.1 GiB)', 'notLoaded'],
    [500, 'llama runner process has terminated: error loading model: unable to allocate CUDA0 buffer', 'notLoaded'],
    [
      500,
      "llama-server process has terminated: exit status 1: error loading\nmodel: unknown model architecture: 'x'",
      'notLoaded',
    ],
    [500, 'unable to load model: /models/blobs/sha256-a3f1', 'notLoaded'],
    [
      400,
      'Failed to load model "x". Error: Model loading was stopped due to insufficient system resources.',
      'notLoaded',
    ],
    [403, 'The model x is too large to be loaded automatically (141GB > 10GB).', 'notLoaded'],
    [500, 'llama runner process has terminated: signal: killed', 'passing'],
    [500, 'EngineCore encountered an issue. See stack trace (above) for the root cause.', 'passing'],
    [400, '"nomic-embed-text" does not support chat', 'unknownModel'],
    // llama-server
    [500, 'Value is not callable: null at row 49, column 79:\n {%- set content = (m', 'rejected'],
    // OpenRouter, Groq, Bedrock
    [404, 'No endpoints found matching your data policy. Configure: https://openrouter.ai/settings/privacy', 'denied'],
    [404, 'No endpoints found that can handle the requested parameters.', 'noProvider'],
    [404, 'No endpoints found for lab/model.', 'unknownModel'],
    [404, 'Model use case details have not been submitted for this account.', 'denied'],
    [403, "You don't have access to the model with the specified model ID.", 'denied'],
    [400, 'Invocation of model ID x with on-demand throughput isn’t supported.', 'unknownModel'],
    [400, 'The model `whisper` does not support chat completions', 'unknownModel'],
  ] as const)('%i %s: %s', (status, message, meaning) => {
    expect(meaningOf(status, wordsOf({ error: { message } }))).toBe(meaning);
  });

  test('that is said in the place of a field', () => {
    const param =
      'max_tokens is too large: 9. This model supports at most 8 completion tokens, whereas you provided 9.';
    const words = wordsOf({ error: { message: 'Param Incorrect', type: 'upstream_error', param, code: '400' } });
    expect(words.text).toBe(`${param}: Param Incorrect`);
    expect(meaningOf(400, words)).toBe('outOfRange');
    const code = 'model_terms_required';
    expect(meaningOf(400, wordsOf({ error: { message: 'The model requires terms acceptance.', code } }))).toBe(
      'denied',
    );
  });

  const location = {
    code: 400,
    message: 'User location is not supported for the API use.',
    status: 'FAILED_PRECONDITION',
  };
  const suspended =
    'Account lab is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices.';
  test.each([
    // Gemini, as itself and behind OpenRouter
    [400, [{ error: location }], 'denied'],
    [
      400,
      {
        error: {
          message: 'Provider returned error',
          code: 400,
          metadata: { raw: JSON.stringify({ error: location }) },
        },
      },
      'denied',
    ],
    [
      400,
      { error: { message: 'Gemini API free tier is not available in your country. Please enable billing.' } },
      'denied',
    ],
    [
      429,
      { error: { code: 429, message: 'Your prepayment credits are depleted.', status: 'RESOURCE_EXHAUSTED' } },
      'noCredit',
    ],
    // OpenAI
    [
      403,
      {
        error: {
          code: 'unsupported_country_region_territory',
          message: 'Country, region, or territory not supported',
          type: 'request_forbidden',
        },
      },
      'denied',
    ],
    [401, { error: { message: 'Your account has been deactivated.', code: 'account_deactivated' } }, 'denied'],
    // Zhipu and Z.ai
    [
      400,
      {
        error: { code: '1301', message: '系统检测到输入或生成内容可能包含不安全或敏感内容' },
        contentFilter: [{ level: 1, role: 'user' }],
      },
      'flagged',
    ],
    [429, { error: { code: '1113', message: '余额不足或无可用资源包,请充值。' } }, 'noCredit'],
    [
      429,
      { error: { code: '1113', message: 'Insufficient balance or no resource package. Please recharge.' } },
      'noCredit',
    ],
    [429, { error: { code: '1302', message: '您的账户已达到速率限制' } }, 'rateLimit'],
    [
      400,
      { error: { code: '1305', message: 'The service may be temporarily overloaded, please try again later' } },
      'rateLimit',
    ],
    [400, { error: { code: '1211', message: '模型不存在，请检查模型代码。' } }, 'unknownModel'],
    [400, { error: { code: '1214', message: 'messages 参数非法' } }, 'rejected'],
    [500, { error: { code: '1234', message: '网络错误' } }, 'passing'],
    // a gateway that repeats the words alone
    [429, { error: { message: '429 余额不足或无可用资源包,请充值。' } }, 'noCredit'],
    // DashScope
    [
      429,
      {
        error: {
          code: 'Throttling.AllocationQuota',
          message: 'Allocated quota exceeded, please increase your quota limit.',
        },
      },
      'rateLimit',
    ],
    [
      429,
      {
        error: {
          code: 'insufficient_quota',
          message:
            'You exceeded your current quota. See: https://help.aliyun.com/zh/model-studio/error-code#token-limit',
        },
      },
      'rateLimit',
    ],
    [
      403,
      { error: { code: 'AllocationQuota.FreeTierOnly', message: 'The free quota has been exhausted.' } },
      'noCredit',
    ],
    [
      400,
      { error: { code: 'Arrearage', message: 'Access denied, please make sure your account is in good standing.' } },
      'noCredit',
    ],
    [
      400,
      { error: { code: 'DataInspectionFailed', message: 'Output data may contain inappropriate content.' } },
      'flagged',
    ],
    // MiniMax, also with a status
    [200, { base_resp: { status_code: 1008, status_msg: 'insufficient balance' } }, 'noCredit'],
    [200, { base_resp: { status_code: 1004, status_msg: 'login fail' } }, 'wrongKey'],
    [200, { base_resp: { status_code: 1027, status_msg: 'output new_sensitive' } }, 'flagged'],
    [200, { base_resp: { status_code: 1001, status_msg: 'timeout' } }, 'passing'],
    [200, { base_resp: { status_code: 2013, status_msg: 'invalid params, context window exceeds limit' } }, 'tooLong'],
    [
      429,
      { error: { http_code: '429', message: 'insufficient balance (1008)', type: 'insufficient_balance_error' } },
      'noCredit',
    ],
    // Mistral has four digits as well
    [
      429,
      { object: 'error', message: 'Requests rate limit exceeded', type: 'rate_limited', code: '1300' },
      'rateLimit',
    ],
    [429, { object: 'error', message: 'Service tier capacity exceeded for this model.', code: '3505' }, 'rateLimit'],
    // SiliconFlow
    [
      403,
      { code: 30011, message: 'The selected model requires paid balance. Your paid balance is insufficient.' },
      'noCredit',
    ],
    [400, { code: 20012, message: 'Model does not exist. Please check it carefully.', data: null }, 'unknownModel'],
    [503, { code: 50505, message: 'Model service overloaded. Please try again later.', data: null }, 'passing'],
    // Fireworks, Together, xAI, Groq, Cohere, Moonshot, one-api
    [412, { error: { message: suspended, code: 'PRECONDITION_FAILED' } }, 'noCredit'],
    [402, { error: { message: 'Credit limit exceeded', type: 'credit_limit' } }, 'noCredit'],
    [
      403,
      { code: 'The caller does not have permission', error: "Your newly created team doesn't have any credits yet." },
      'noCredit',
    ],
    [
      429,
      {
        code: 'Some resource has been exhausted',
        error: 'Your team has either used all available credits or reached its monthly spending limit.',
      },
      'noCredit',
    ],
    [
      400,
      {
        error: {
          message: 'Organization has been restricted. Please reach out to support.',
          code: 'organization_restricted',
        },
      },
      'denied',
    ],
    [403, { error: { message: 'Access denied. Please check your network settings.' } }, 'denied'],
    [498, { message: 'request contains a deny-listed token' }, 'flagged'],
    [
      400,
      { error: { message: 'The request was rejected because it was considered high risk', type: 'content_filter' } },
      'flagged',
    ],
    [403, { error: { message: '用户额度不足', code: 'insufficient_user_quota' } }, 'noCredit'],
    // a filter that warns of what it may do to an account
    [
      400,
      { error: { message: 'Your input was flagged. Your account may be suspended after repeated violations.' } },
      'flagged',
    ],
  ] as const)('%i %j: %s', (status, body, meaning) => {
    expect(meaningOf(status, wordsOf(body))).toBe(meaning);
  });
});

describe('within an answer with status 200', () => {
  test.each([
    [{ error: { code: 429, message: 'x' } }, 429],
    [{ error: { code: '503', message: 'x' } }, 503],
    [{ code: 8, message: 'x' }, 429],
    [{ code: 14, message: 'x' }, 503],
    [{ error: { status: 'UNAUTHENTICATED', message: 'x' } }, 401],
    [{ error: 'Too many requests' }, 429],
    [{ error: { code: null, message: 'Provider returned error', metadata: { raw: '{"status":"UNAVAILABLE"}' } } }, 503],
    [{ error: { message: 'Your input was flagged by moderation' } }, 400],
    [{ error: { type: 'invalid_request_error', message: 'x' } }, 400],
    [{ error: 'Insufficient Balance' }, 403],
    [{ error: { message: 'Internal' } }, 502],
    [{ error: 'Unexpected endpoint or method. (POST /chat/completions)' }, 404],
  ])('%j counts as %i', (body, status) => {
    expect(statusWithin(wordsOf(body))).toBe(status);
  });
});

describe('the words of an error', () => {
  test.each([
    [
      '<!DOCTYPE html>\n<html lang="en"><head><title>Just a\n moment...</title></head><body>x</body></html>',
      'a web page, "Just a moment..."',
    ],
    ['<html><body>Please log in</body></html>', 'a web page'],
    ['<think> is no page', '<think> is no page'],
  ])('tell of a web page by its title: %s', (page, text) => {
    expect(wordsOf(page).text).toBe(text);
  });

  test('tell how long to wait, as gRPC and routers say it, a day at most', () => {
    const grpc = { error: { message: 'x', details: [{ '@type': 'RetryInfo', retryDelay: '34s' }] } };
    expect(wordsOf(grpc).retryAfter).toBe(34);
    const until = (seconds: number) => ({
      error: { message: 'x', metadata: { headers: { 'X-RateLimit-Reset': String(Date.now() + seconds * 1000) } } },
    });
    expect(wordsOf(until(600)).retryAfter).toBeCloseTo(600, -1);
    expect(wordsOf(until(-600)).retryAfter).toBeNull();
    expect(wordsOf(until(10 ** 7)).retryAfter).toBe(86_400);
  });

  test.each([
    ['7', 7],
    [7, 7],
    ['1m30s', 90],
    [new Date(Date.now() + 90_000).toUTCString(), 90],
    ['soon', null],
  ])('read Retry-After where a router repeats headers as they read the headers themselves: %j', (value, seconds) => {
    const wait = wordsOf({ error: { message: 'x', metadata: { headers: { 'Retry-After': value } } } }).retryAfter;
    if (seconds === null) expect(wait).toBeNull();
    else expect(wait).toBeCloseTo(seconds, -1);
  });

  test.each([
    ['Rate limit reached for m: Limit 3, Used 3. Please try again in 20s. Visit https://x', 20],
    ['Limit 40000 / min. Please try again in 2.4s.', 2.4],
    ['Please try again in 6m12s.', 372],
    ['Please try again in 1h12m3.5s. Need more tokens?', 4323.5],
    ['Please try again in 250ms', 0.25],
    ['exceeded call rate limit. Please retry after 33 seconds.', 33],
    ['You exceeded your current quota. Please retry in 34.074824224s.', 34.074824224],
    ['Please try again in 1 minute and tell us', 60],
    ['Rate limit of 50 per 86400s exceeded. Please wait 30000 seconds before retrying.', 30_000],
    ['Try again in 9 days', 86_400],
    ['Please try again in 5 metres', null],
    ['Please try again in a moment', null],
    ['It took 20s', null],
  ])('ask to wait in a sentence: %s', (message, seconds) => {
    expect(wordsOf({ error: { message } }).retryAfter).toBe(seconds);
  });

  test('ask to wait by a field rather than by a sentence', () => {
    const details = [{ retryDelay: '34.5s' }];
    expect(wordsOf({ error: { message: 'Please retry in 9s.', details } }).retryAfter).toBe(34.5);
  });

  test('are bounded, however a body nests, and never what the user sent', () => {
    let deep: unknown = { message: 'at the bottom' };
    for (let i = 0; i < 1000; i++) deep = { error: deep };
    expect(wordsOf(deep).text).toBe('');
    expect(wordsOf({ errors: Array.from({ length: 1000 }, (_, i) => `m${i}`) }).text.length).toBeLessThan(100);
    const flagged = { error: { message: 'flagged', metadata: { flagged_input: 'my secret row' } } };
    expect(wordsOf(flagged).text).toBe('flagged');
  });
});
