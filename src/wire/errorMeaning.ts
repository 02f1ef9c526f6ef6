import type { ErrorMeaning } from './meanings.ts';
import type { ErrorWords } from './errorWords.ts';
import { cannotLoadModel } from './modelNotLoaded.ts';
import { hasNoSuchModelCode, isModelNotSupported, wordsNoSuchModel } from './noSuchModel.ts';
import { wantedOfEveryCall } from './ofEveryCall.ts';
import { isOutOfRange } from './outOfRange.ts';

/**
 * @param status of HTTP: the answer's own, or where an error came with status 200, what it names.
 * Words come before statuses where they are certain: servers send a prompt that is too long as 400, 413, 422, 429 or 500.
 */
export function meaningOf(status: number, words: ErrorWords): ErrorMeaning {
  const { text } = words;
  if (ofSettings.has(status) && isOutOfRange(text)) return 'outOfRange';
  if (unfinished.test(text)) return 'unfinished';
  if (status === 413 || hasCode(words, tooLongCodes) || isTooLong(text)) return 'tooLong';
  if (words.meaning !== null) return words.meaning;
  if (isAllocation(text)) return 'rateLimit';
  if (status === 402 || hasCode(words, noCreditCodes)) return 'noCredit';
  if (ofAccount.has(status) && noCredit.test(text)) return 'noCredit';
  if (status === 412 || hasCode(words, deniedCodes)) return 'denied';
  if (ofAccount.has(status) && denied.test(text)) return 'denied';
  if (ofKey.has(status) && unverified.test(text)) return 'denied';
  if (filtered.has(status) && (hasCode(words, flaggedCodes) || flagged.test(text))) return 'flagged';
  if (status === 429 || status === 529 || (status !== 401 && hasCode(words, rateLimitCodes))) return 'rateLimit';
  if (status === 400 && throttled.test(text)) return 'rateLimit';
  if (status === 401 && missesScopes.test(text)) return 'forbidden';
  if (status === 401 || hasCode(words, wrongKeyCodes)) return 'wrongKey';
  if (filtered.has(status) && wrongKey.test(text)) return 'wrongKey';
  if (ofKey.has(status) && wrongToken.test(text)) return 'wrongKey';
  if (noProvider.test(text)) return 'noProvider';
  if (status === 404 || status === 410 || hasNoSuchModelCode(words) || noSuchPath.test(text)) return 'unknownModel';
  if (status === 400 && wantsTls.test(text)) return 'cannot';
  if (ofRequest.has(status) && wantedOfEveryCall(text) !== null) return 'everyCall';
  if ((ofLoading.has(status) || status >= 500) && cannotLoadModel(text)) return 'notLoaded';
  if (status === 403) return overQuota.test(text) ? 'denied' : 'forbidden';
  if (ofRequest.has(status) && (isModelNotSupported(words) || wordsNoSuchModel(text))) return 'unknownModel';
  if (ofRequest.has(status) && (modelWentAway.test(text) || fileNotReady.test(text))) return 'passing';
  if (status >= 300 && status < 400) return 'redirect';
  if (status === 405 || status === 501) return 'cannot';
  if (status === 500 && failsInTemplate.test(text)) return 'rejected';
  if (status === 409 && isThere.test(text)) return 'rejected';
  return status >= 500 || passing.has(status) ? 'passing' : 'rejected';
}

/** The status of an error that came with status 200: what it names, or what its words mean. */
export function statusWithin(words: ErrorWords): number {
  if (words.status !== null) return words.status;
  if (noCredit.test(words.text) || denied.test(words.text)) return 403;
  if (hasCode(words, rateLimitCodes) || /rate.?limit|too many requests/i.test(words.text)) return 429;
  if (hasNoSuchModelCode(words) || isModelNotSupported(words)) return 404;
  if (wordsNoSuchModel(words.text) || noSuchPath.test(words.text)) return 404;
  if (hasCode(words, /^invalid_request/) || hasCode(words, flaggedCodes) || flagged.test(words.text)) return 400;
  // Something behind it failed: it would not have begun an answer otherwise.
  return 502;
}

const hasCode = ({ codes }: ErrorWords, wanted: RegExp): boolean => codes.some((code) => wanted.test(code));

/** Statuses below 500 that pass: time-outs, conflicts, a failure behind (TGI), no room (Groq), a connection that was closed. */
const passing = new Set([408, 409, 424, 425, 498, 499]);
/** With these some say what is wrong with the account. */
const ofAccount = new Set([400, 401, 403, 404, 412, 429, 451]);
/** With these alone, which name no part of a call, words for tokens and for verification are believed. */
const ofKey = new Set([401, 403]);
/** With these some say that there is no such model. */
const ofRequest = new Set([400, 422]);
/** With these some say that a setting is out of its range. */
const ofSettings = new Set([400, 416, 422]);
/** With these, and from 500 on, some say that a model cannot be loaded. */
const ofLoading = new Set([400, 403]);
/** With these, and with no other, the words for what is flagged and for keys are believed. */
const filtered = new Set([400, 403, 422, 451, 498]);

const tooLongCodes = /^(context_length_exceeded|exceed_context_size_error|string_above_max_length|request_too_large)$/;
const noCreditCodes =
  /^(insufficient_(user_)?(quota|balance|credits?)(_error)?|exceeded_current_quota_error|exceeded_quota|billing_\w+|arrearage|accountoverdueerror|not_enough_balance|budget_exceeded|credit_(required|limit)|payment_required|spend_limit_exceeded|(pre_consume_token_)?quota_(failed|not_enough)|allocationquota\.freetieronly)$/;
const deniedCodes =
  /^(model_terms_required|training_not_available|unsupported_country_region_territory|account_(deactivated|suspended)|organization_(restricted|disabled)|access_terminated\w*)$/;
/** LiteLLM without a database knows no key but its own, and misses the database for any other. */
const wrongKeyCodes = /^(no_db_connection|api_key_invalid|invalid_api_key|wrong_api_key)$/;
const flaggedCodes =
  /^(content_?filter|content_policy_violation|data_?inspection_?failed|responsibleaipolicyviolation|moderation\w*|sensitive|sensitive_words_detected|prompt_blocked)$/;
const rateLimitCodes =
  /rate_?limit|throttl|too_?many_?requests|resource_?exhausted|^limit_(requests|burst_rate)|^engine_overloaded/;

const tooLong = new RegExp(
  [
    'context.?(length|size|window)',
    'maximum (context|input|prompt|sequence|model) ?length',
    'max_model_len',
    'exceeds? (the )?(model.s )?(maximum|max|available|allowed)[^.]{0,40}(tokens|length|context)',
    'token count[^.]{0,60}exceeds',
    '(prompt|input|request|messages?)[^.]{0,40} (is|are) too (long|large)',
    '(request|prompt) too (large|long)',
    'prompt contains \\d+ tokens',
    'range of input length',
    'tokens?[^.]{0,60} cannot exceed',
    'exceeded (the )?model token limit',
    'inputs?`? (must have less than|tokens \\+)',
    'max_(completion_)?tokens must be (at least|greater than( or equal to)?) \\d+, got (-|0\\b)',
    'tokens\\b[^.]{0,40} (\\+|and) [`\'"]?max_(completion_|new_)?tokens[`\'"]? (must|should) be (<|less than|at most)',
    'context the overflows',
    'reduce (the length|your (prompt|message))',
    'n_keep[^.]{0,40}n_ctx',
    'size limit exceeded by \\d+ tokens',
  ].join('|'),
  'i',
);
const asksToWait = /please wait|try again (in|later)|before trying again|per (minute|day)|rate.?limit/i;

/** A limit over time is no length, but where one request is above it by itself: that never gets through. */
function isTooLong(text: string): boolean {
  return tooLong.test(text) && (!asksToWait.test(text) || /request too large/i.test(text));
}

const flagged =
  /\bflagged\b|moderation|content.?(filter|policy|management policy)|usage (guidelines|polic)|inappropriate content|safety (system|filter|polic)|prohibited content|content exists risk|responsible ai|sensitive (words?|content)|(deny|block).?listed|considered high risk|敏感内容/i;
const noCredit = new RegExp(
  [
    '(credit|account|paid) balance is (too low|insufficient)',
    'insufficient (account )?(balance|credits?|funds)',
    'out of credits',
    'not enough (balance|credits?)|overdue balance',
    'no credits? (left|remaining)',
    'key limit exceeded',
    'spend(ing)? (limit|alert)',
    'past invoices',
    'used all available credits',
    "n[o']t have any credits",
    'credits? (are|is|have been) (depleted|exhausted)',
    '(free|api) (quota|tier)[^.]{0,20}(exhausted|used up)',
    'reached your specified api usage limits',
    '余额不足|额度不足|欠费|请充值',
  ].join('|'),
  'i',
);
const denied = new RegExp(
  [
    '(location|country|region|territory)[^.]{0,30} not (supported|available|allowed)',
    'not (supported|available) in (your|this) (country|region|location)',
    '(account|organi[sz]ation|team|workspace)( \\S+){0,3} (is|has been|was) ((currently|temporarily) )?(suspended|deactivated|disabled|locked|restricted|blocked|banned|terminated|inactive)',
    'fine-?tuning [^.]{0,40}(not|no longer) (currently )?(available|accessible|enabled|offered) (to|for|in|on) (new|your|this)',
    'check your network settings',
    'firewall rules',
    // Of OpenRouter, Bedrock
    '(your|this) data policy',
    'use case details have not been submitted',
    "n[o']t have access to the model with the specified model id",
  ].join('|'),
  'i',
);

const unverified = /(organi[sz]ation|account)[^.]{0,30} must be verified|verify (your|the) organi[sz]ation/i;

/** DashScope calls its limit of tokens per minute an empty quota. */
function isAllocation(text: string): boolean {
  return /allocated quota exceeded|error-code#token-limit/i.test(text);
}
/** OpenAI's restricted keys: right, and not for this. */
const missesScopes = /missing scopes?\b/i;
/** LM Studio has status 200 for any address, and 400 where its model crashed, was unloaded or cannot be loaded just now. */
const noSuchPath = /unexpected endpoint or method/i;
const modelWentAway =
  /\bmodel (is |was |has been )?(unloaded|reloaded|not loaded)\b|\bmodel has crashed\b|failed to load (the )?model\b/i;
/** Of rows that were uploaded a moment ago, and that nothing is wrong with. */
const fileNotReady =
  /\bfile\b(?![^]*\b(failed|invalid|errors?)\b)[^]{0,80}\b(not (yet )?(ready|(been )?processed|in a succeeded state)|(still|is) being processed|still processing)\b/i;
/** Of a job, a file or a model by that name: it will be there the next time too. */
const isThere =
  /\balready exists?\b|\b(name|id)\b[^.]{0,60}\balready (in use|taken|been (used|taken))\b|\bduplicate (\w+ )?(name|id)\b/i;
const overQuota = /\b(exceed(ed|s)?|over) [^.]{0,30}\bquota\b/i;
/** In the words of nginx, Go and Apache. */
const wantsTls = /plain HTTP request was sent to HTTPS|HTTP request to an HTTPS server|plain HTTP to an SSL-enabled/i;
/** OpenRouter, of parameters, images, tools. */
const noProvider = /\bno endpoints found that (support|can handle)\b/i;
/** OpenAI's models that think, where nothing is left for the answer. */
const unfinished = /could not finish the message because max_tokens/i;
/** A chat template that fails at these messages fails at them the next time (llama.cpp, answered 500). */
const failsInTemplate = /jinja|\bat row \d+, column \d+:/i;
const throttled = /throttling|too many requests/i;
const wrongKey =
  /api.?key[^.]{0,20}(not valid|not found|invalid|incorrect|expired|missing)|(a valid|invalid|incorrect|missing)[^.]{0,10}api.?key/i;
const wrongToken = /(access|security|auth\w*) token[^.]{0,40}(invalid|expired)|invalid access token/i;
