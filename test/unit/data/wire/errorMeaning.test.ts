/** Errors in the words of servers, and what each means. */
import { describe, expect, test } from 'vitest';
import { meaningOf, statusWithin } from '../../../../src/data/wire/errorMeaning.ts';
import { wordsOf } from '../../../../src/data/wire/errorWords.ts';

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
    [502, '<html>Bad gateway</html>', 'passing'],
    [400, { error: { message: 'temperature must be at most 1' } }, 'rejected'],
    [400, { error: { message: 'Invalid max_tokens value, the valid range of max_tokens is [1, 8192]' } }, 'rejected'],
    [501, { error: 'Not implemented' }, 'cannot'],
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
    [{ error: { message: 'Internal' } }, 502],
  ])('%j counts as %i', (body, status) => {
    expect(statusWithin(wordsOf(body))).toBe(status);
  });
});

describe('the words of an error', () => {
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

  test('are bounded, however a body nests, and never what the user sent', () => {
    let deep: unknown = { message: 'at the bottom' };
    for (let i = 0; i < 1000; i++) deep = { error: deep };
    expect(wordsOf(deep).text).toBe('');
    expect(wordsOf({ errors: Array.from({ length: 1000 }, (_, i) => `m${i}`) }).text.length).toBeLessThan(100);
    const flagged = { error: { message: 'flagged', metadata: { flagged_input: 'my secret row' } } };
    expect(wordsOf(flagged).text).toBe('flagged');
  });
});
