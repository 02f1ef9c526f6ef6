/** What the editor, and providers of its models, say by errors, as answers on OpenAI's wire. */
import { messageOf } from '../../base/errors.ts';
import { ApiError } from '../../loopback/http.ts';

/** Providers of models are other extensions: of their errors a name, a code, a message and a cause are known. */
interface Said {
  readonly kinds: readonly string[];
  readonly text: string;
}

export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const { kinds, text } = saidBy(error);
  const known = meanings.find(({ kind, words }) => kinds.some((each) => kind?.test(each)) || words?.test(text));
  const { status, code } = known ?? { status: 502, code: 'model_failed' };
  return new ApiError(status, text, { code });
}

/**
 * In this order: an extension that asks too often is blocked for a while (`Blocked`), as it is by a quota, and errors of
 * providers have words alone.
 */
const meanings: readonly {
  readonly kind?: RegExp;
  readonly words?: RegExp;
  readonly status: number;
  readonly code: string;
}[] = [
  { kind: /^NoPermissions$/, status: 403, code: 'no_permission' },
  {
    kind: /^NotFound$/,
    words: /^(endpoint|model|language model)\b.{0,100}\bnot found/i,
    status: 404,
    code: 'model_not_found',
  },
  // "limit" alone says neither: how much a plan has, how much a minute, or how much a prompt.
  {
    kind: /^ChatQuotaExceeded$/,
    words:
      /quota (is |was |has been )?(exceeded|exhausted|reached|used up)|(exceeded|reached|used up|exhausted|hit).{0,40}(quota|allowance)|(daily|weekly|monthly|yearly|premium|plan|subscription|spending|billing).{0,30}\blimit|usage limit|insufficient.{0,10}(quota|credit|balance)/i,
    status: 402,
    code: 'insufficient_quota',
  },
  {
    kind: /^(Blocked|ChatRateLimited)$/,
    words:
      /rate.?limit|too many (requests|tokens)|\b429\b|(requests?|tokens?) (per|a|each) (second|minute|hour|day)\b|\b[rt]p[mdsh]\b/i,
    status: 429,
    code: 'rate_limit_exceeded',
  },
  {
    words:
      /(exceeds?|exceeded|over|beyond|above|than).{0,40}(token|context|prompt|input).{0,20}limit|(token|context|prompt).{0,20}limit.{0,20}exceeded|(maximum|max\.?).{0,20}(context|prompt|input).{0,20}(length|tokens|size)|context.?(length|window)|(prompt|message|request|input).{0,20}too (long|large)/i,
    status: 400,
    code: 'context_length_exceeded',
  },
  { words: /content.?filter|responsible ai|filtered|content.?polic/i, status: 400, code: 'content_filter' },
  { words: /^invalid request/i, status: 400, code: 'invalid_request_error' },
];

function saidBy(error: unknown): Said {
  const chain = [error];
  for (let at = error; at instanceof Error && at.cause !== undefined && chain.length < 5; at = at.cause) {
    chain.push(at.cause);
  }
  const kinds = chain.flatMap((each) => {
    if (typeof each !== 'object' || each === null) return [];
    return [each instanceof Error ? each.name : null, 'code' in each ? each.code : null].filter(
      (kind) => typeof kind === 'string',
    );
  });
  const texts = chain.map((each) => messageOf(each)).filter((text) => text !== '');
  return { kinds, text: [...new Set(texts)].join(': ') || 'the model gave no answer, and no reason' };
}
