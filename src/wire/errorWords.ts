import { secondsIn, waitIn } from './durations.ts';
import type { ErrorMeaning } from './meanings.ts';
import type { HeaderReader } from './headerReader.ts';
import { atMostADay, retryAfterOfRouter } from './retryAfter.ts';
import { meaningOfNumber } from './serviceCodes.ts';

/** What an endpoint says of an error, whichever of the many shapes servers have for it its body is in. */
export interface ErrorWords {
  /** For people, as it came (`shown` makes it fit for them); '' where there is none. */
  readonly text: string;
  /** `code`, `type`, `status` and the like, in lower case. */
  readonly codes: readonly string[];
  /** Fields of the request that are blamed: `top_p`, of `param` or of a `loc`. */
  readonly fields: readonly string[];
  /** A status of HTTP that the body names, also as a code of gRPC; `null` where it names none. */
  readonly status: number | null;
  /** Seconds that the body asks to wait, in a field or in its text, a day at most; `null` where it does not say. */
  readonly retryAfter: number | null;
  /** What a number of the service's own means; `null` where there is none that is known. */
  readonly meaning: ErrorMeaning | null;
}

/**
 * Reads OpenAI's `{"error": {…}}` and texts in its place, FastAPI's `detail`, `message` at the top (vLLM, Mistral), lists
 * (Gemini), `errors` (Cloudflare), `base_resp` (MiniMax), and what a router repeats of the service behind it
 * (OpenRouter's `metadata.raw`), also where it is JSON in a text.
 *
 * @param body as it was parsed, or text.
 */
export function wordsOf(body: unknown): ErrorWords {
  const found: Found = { texts: [], codes: [], fields: [], status: null, retryAfter: null, meaning: null };
  collect(body, found, 0);
  const text = [...new Set(found.texts)].join(': ');
  return { ...found, text, retryAfter: found.retryAfter ?? atMostADay(waitIn(text)) };
}

/** Filled while a body is walked. */
interface Found {
  readonly texts: string[];
  readonly codes: string[];
  readonly fields: string[];
  status: number | null;
  retryAfter: number | null;
  meaning: ErrorMeaning | null;
}

/** Bodies are from outside: no deeper, and no more of one list, than any error is known to go. */
const deepest = 8;
const most = 8;

const codeKeys = ['code', 'type', 'status', 'reason', 'error_code', 'status_code', 'error_type'] as const;
/** In the order in which they are worth reading. */
const textKeys = [
  ...['message', 'msg', 'error_msg', 'status_msg', 'error_description', 'detail', 'error', 'errors', 'title'],
  ...['metadata', 'raw', 'reasons', 'base_resp', 'details', 'cause', 'innererror', 'data'],
] as const;

function collect(value: unknown, found: Found, depth: number): void {
  if (depth > deepest) return;
  if (typeof value === 'string') collectText(value, found, depth);
  else if (Array.isArray(value)) value.slice(0, most).forEach((each) => collect(each, found, depth + 1));
  else if (typeof value === 'object' && value !== null) collectRecord(value as Fields, found, depth);
}

type Fields = Readonly<Record<string, unknown>>;

function collectText(text: string, found: Found, depth: number): void {
  const inner = parsed(repeated.exec(text)?.[1] ?? text);
  const known = found.texts.length;
  if (inner !== undefined) collect(inner, found, depth + 1);
  // JSON without a text under a key that is known is still all that is said.
  if (found.texts.length > known || text.trim() === '' || known >= most) return;
  found.texts.push(titleOf(text) ?? text.trim());
}

/** A web page says what it is in its title: proxies, gateways and sign-ins answer with one. */
function titleOf(text: string): string | null {
  if (!/^\s*<(!doctype html|html|head)\b/i.test(text)) return null;
  const title = /<title[^>]*>([^<]{1,200})/i.exec(text.slice(0, pageLookedInto))?.[1]?.trim() ?? '';
  return title === '' ? 'a web page' : `a web page, "${title.replaceAll(/\s+/g, ' ')}"`;
}

const pageLookedInto = 20_000;

/** LiteLLM repeats what the service behind it answered: `litellm.BadRequestError: OpenAIException - {…}`. */
const repeated = /^litellm\.[^{]*Exception - (\{.*\})/s;

/** `undefined` for what is no JSON of several values. */
function parsed(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function collectRecord(record: Fields, found: Found, depth: number): void {
  for (const key of codeKeys) collectCode(record[key], found);
  found.meaning ??= meaningOfNumber(record);
  const blamed = fieldsOf(record);
  found.fields.push(...blamed);
  // Some put the sentence there, and a code in its place.
  for (const field of blamed) if (field.includes(' ')) collect(field, found, depth + 1);
  // FastAPI says where apart from what.
  if (blamed.length > 0 && typeof record['msg'] === 'string') found.texts.push(`${blamed.join('.')}: ${record['msg']}`);
  found.retryAfter ??= waitOf(record);
  for (const key of textKeys) {
    if (key !== 'msg' || blamed.length === 0) collect(record[key], found, depth + 1);
  }
}

function collectCode(code: unknown, found: Found): void {
  if (typeof code !== 'string' && typeof code !== 'number') return;
  found.codes.push(String(code).toLowerCase());
  found.status ??= statusOfCode(code);
}

function fieldsOf(record: Fields): readonly string[] {
  const { param, loc } = record;
  if (typeof param === 'string') return [param];
  if (!Array.isArray(loc)) return [];
  return loc.filter((part): part is string => typeof part === 'string' && part !== 'body');
}

/** By its name in gRPC, and by its number. */
const grpcStatuses = [
  ['cancelled', 1, 499],
  ['unknown', 2, 500],
  ['invalid_argument', 3, 400],
  ['deadline_exceeded', 4, 504],
  ['not_found', 5, 404],
  ['permission_denied', 7, 403],
  ['resource_exhausted', 8, 429],
  ['failed_precondition', 9, 400],
  ['aborted', 10, 409],
  ['out_of_range', 11, 400],
  ['unimplemented', 12, 501],
  ['internal', 13, 500],
  ['unavailable', 14, 503],
  ['unauthenticated', 16, 401],
] as const;

function statusOfCode(code: string | number): number | null {
  const number = typeof code === 'number' ? code : /^\d{3}$/.test(code) ? Number(code) : null;
  if (number !== null && number >= 400 && number <= 599) return number;
  const name = String(code).toLowerCase();
  return grpcStatuses.find(([word, place]) => word === name || place === code)?.[2] ?? null;
}

/** gRPC's `retryDelay` ("34s"), and the headers that a router passes on. */
function waitOf(record: Fields): number | null {
  const { retryDelay, headers } = record;
  const delay = typeof retryDelay === 'string' ? secondsIn(retryDelay) : null;
  if (delay !== null) return atMostADay(delay);
  return typeof headers === 'object' && headers !== null ? retryAfterOfRouter(readerOf(headers as Fields)) : null;
}

/** Headers as a body repeats them: their names in any case, numbers also as such. */
function readerOf(headers: Fields): HeaderReader {
  const values = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    get: (name) => {
      const value = values.get(name);
      return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
    },
  };
}
