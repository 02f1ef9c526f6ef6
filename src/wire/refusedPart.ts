/** Which part of a request an endpoint does not take, in the words of servers: one reading for runs and for a program on its own. */
import { meaningOf } from './errorMeaning.ts';
import type { ErrorWords } from './errorWords.ts';
import type { LmRequest } from './requestBody.ts';
import type { RequestPart } from './requestParts.ts';

export interface Refusal {
  readonly part: RequestPart;
  /** Whether it is this call's doing (its very schema, say), so that others may still be sent with such a part. */
  readonly ofCall: boolean;
}

/** What may be a part's fault: some servers fail (500, 501) at what they do not know. */
const blaming: ReadonlySet<string> = new Set(['rejected', 'outOfRange', 'passing', 'cannot']);

/** Which part of a request an error blames; `null`: none, so that it would be refused again. */
export function refusalIn({ path, body }: LmRequest, status: number, words: ErrorWords): Refusal | null {
  if (!blaming.has(meaningOf(status, words))) return null;
  const named = parts.find((part) => part.isIn(body) && (part.path ?? path) === path && blames(part, words));
  return named === undefined ? null : { part: named.part, ofCall: named.ofCall?.test(words.text) ?? false };
}

interface PartWords {
  readonly part: RequestPart;
  /** The only place where it can be replaced. Default: anywhere. */
  readonly path?: LmRequest['path'];
  readonly isIn: (body: LmRequest['body']) => boolean;
  /** Names of the field, where an error names one. */
  readonly fields: readonly string[];
  /** How it is named in sentences. */
  readonly names: RegExp;
  /** What is said of it that blames it without the words of `unsupported`. */
  readonly saysSo?: RegExp;
  readonly ofCall?: RegExp;
}

const has = (key: string) => (body: LmRequest['body']) => key in body;
const formatIs = (type: string) => (body: LmRequest['body']) =>
  (body['response_format'] as { readonly type?: string } | undefined)?.type === type;
const format = /response_?format|json_schema|json_object|structured.?output|guided|json mode|grammar/i;
const formatRefused = /response_?format|json_schema|json_object/i;
const grammarRefused = /failed to (parse|initiali[sz]e|compile) (the )?grammar|grammar error|unimplemented keys/i;

function either(...patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => source).join('|'), 'i');
}

/** In the order in which they are given up, where one error names several. */
const parts: readonly PartWords[] = [
  {
    part: 'whole',
    isIn: (body) => body['stream'] !== true,
    fields: [],
    names: /(?!)/,
    saysSo:
      /only supports? (the )?stream|non-?stream(ing)?( \w+)? is not supported|stream\W{0,3} must be (set to )?true|must have stream ?= ?true|streaming is (strongly )?re(quired|commended)|set stream ?= ?true|enable the stream parameter|for non-?streaming calls/i,
  },
  { part: 'streamUsage', isIn: has('stream_options'), fields: ['stream_options'], names: /\bstream_options\b/i },
  {
    part: 'jsonSchema',
    isIn: formatIs('json_schema'),
    fields: ['response_format', 'json_schema', 'response_format.type'],
    names: format,
    saysSo: either(formatRefused, grammarRefused),
    ofCall: either(
      /invalid.{0,10}schema|schema.{0,40}(invalid|too complex|too deep)|additionalproperties|unsupported.{0,20}schema keyword/,
      grammarRefused,
    ),
  },
  {
    part: 'jsonObject',
    isIn: formatIs('json_object'),
    fields: ['response_format', 'response_format.type'],
    names: format,
    saysSo: formatRefused,
    ofCall: /must contain the word/i,
  },
  {
    part: 'choice',
    isIn: has('structured_outputs'),
    fields: ['structured_outputs'],
    names: /structured_?outputs?|guided_?choice/i,
  },
  {
    part: 'opened',
    isIn: has('continue_final_message'),
    fields: ['continue_final_message', 'add_generation_prompt'],
    names: /continue_final_message|add_generation_prompt|prefill|last message.{0,30}assistant/i,
    saysSo: /must end with a user|(last|final).{0,20}(role|message).{0,40}(user|assistant)/i,
  },
  {
    part: 'systemRole',
    isIn: ({ messages }) => Array.isArray(messages) && messages.some((each) => roleOf(each) === 'system'),
    fields: ['messages[0].role', 'messages.0.role'],
    names: /system (role|message|prompt)|'system'|developer instruction|role.{0,10}system/i,
    saysSo:
      /roles must alternate|only user and assistant roles|\brole\b.{0,30}(should|must) be (?!.{0,80}system).{0,40}\buser\b/i,
  },
  { part: 'topP', isIn: has('top_p'), fields: ['top_p'], names: /\btop[_-]?p\b|nucleus/i },
  { part: 'temperature', isIn: has('temperature'), fields: ['temperature'], names: /\btemperature\b/i },
  { part: 'seed', isIn: has('seed'), fields: ['seed'], names: /\b(random_)?seed\b/i },
  {
    part: 'stop',
    isIn: has('stop'),
    fields: ['stop'],
    names: /[\'"`]stop[\'"`]|\bstop[_ ]?(sequences?|words?)\b|(:|parameter|argument) stop\b/i,
  },
  {
    part: 'max_tokens',
    path: '/chat/completions',
    isIn: has('max_tokens'),
    fields: ['max_tokens'],
    names: /\bmax_tokens\b/i,
    saysSo: /use [\'"`]?max_completion_tokens/i,
  },
  {
    part: 'max_completion_tokens',
    isIn: has('max_completion_tokens'),
    fields: ['max_completion_tokens'],
    names: /\bmax_completion_tokens\b/i,
    saysSo: /use [\'"`]?max_tokens/i,
  },
];

function roleOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'role' in message ? message.role : null;
}

function blames({ fields, names, saysSo }: PartWords, { text, codes, fields: blamed }: ErrorWords): boolean {
  const isUnsupported = unsupported.test(text) || codes.some((code) => unsupportedCodes.test(code));
  if (blamed.some((field) => fields.includes(field))) return isUnsupported || saysSo?.test(text) === true;
  return (names.test(text) && isUnsupported) || saysSo?.test(text) === true;
}

const unsupported =
  /unsupported|not (currently )?(supported|permitted|allowed|available|accepted|enabled|implemented|a valid field|recogni[sz]ed)|(does ?n[o\'’]t|do not|cannot) (support|accept|both)|no longer|unavailable|deprecated|un(known|recogni[sz]ed|expected)|only (the )?default|use only one|cannot find field|extra (inputs|fields)|only \d+(\.\d+)? is allowed|may only be set|\bor unset\b|must be 1 when/i;
const unsupportedCodes = /^(unsupported_(parameter|value)|unknown_parameter|extra_forbidden|value_error\.extra)$/;
