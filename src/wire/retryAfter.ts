import { retryAfterSecondsAtMost } from '../base/limits.ts';
import { secondsIn } from './durations.ts';
import type { HeaderReader } from './headerReader.ts';

/**
 * Seconds to wait, a day at most: `retry-after-ms`, or `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3);
 * else `null`.
 */
export function retryAfterSeconds(headers: HeaderReader | undefined, now = Date.now()): number | null {
  return atMostADay(askedFor(headers, now));
}

/**
 * Seconds to wait, a day at most, by the headers that a router repeats in its error. It counts requests over a window that
 * ends at `X-RateLimit-Reset`, and lets none through before.
 */
export function retryAfterOfRouter(headers: HeaderReader, now = Date.now()): number | null {
  const until = resetIn(headers.get('x-ratelimit-reset')?.trim() ?? '', now);
  return retryAfterSeconds(headers, now) ?? (until === 0 ? null : atMostADay(until));
}

/** Of what is asked for in any way: no more is waited, nor believed. */
export function atMostADay(seconds: number | null): number | null {
  return seconds === null ? null : Math.min(seconds, retryAfterSecondsAtMost);
}

function askedFor(headers: HeaderReader | undefined, now: number): number | null {
  const milliseconds = headers?.get('retry-after-ms')?.trim();
  if (milliseconds !== undefined && /^\d+(\.\d+)?$/.test(milliseconds)) return Number(milliseconds) / 1000;
  const value = headers?.get('retry-after')?.trim();
  if (value === undefined || value === '') return null;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value);
  return secondsIn(value) ?? untilDate(value, now);
}

/**
 * Seconds until a limit that is used up is whole again, of a rate limit that does not say when to come back: `6m0s`, seconds, or a
 * time. The next request gets through long before, so no more than ten seconds of it are waited. `null` where no limit is
 * said to be used up.
 */
export function limitResetSeconds(headers: HeaderReader | undefined, now = Date.now()): number | null {
  if (headers === undefined) return null;
  const waits = limits.flatMap(([remaining, reset]) => {
    const left = headers.get(remaining)?.trim() ?? '';
    const value = headers.get(reset)?.trim() ?? '';
    return left !== '' && Number(left) <= 0 ? (resetIn(value, now) ?? []) : [];
  });
  const positive = waits.filter((seconds) => seconds > 0);
  return positive.length === 0 ? null : Math.min(Math.max(...positive), resetSecondsAtMost);
}

const resetSecondsAtMost = 10;

/** Of OpenAI and those who do as it does, of Anthropic, and the two usual ones for a single limit. */
const limits = [
  ...['requests', 'tokens'].map((kind) => [`x-ratelimit-remaining-${kind}`, `x-ratelimit-reset-${kind}`] as const),
  ...['requests', 'tokens', 'input-tokens', 'output-tokens'].map(
    (kind) => [`anthropic-ratelimit-${kind}-remaining`, `anthropic-ratelimit-${kind}-reset`] as const,
  ),
  ['x-ratelimit-remaining', 'x-ratelimit-reset'],
  ['ratelimit-remaining', 'ratelimit-reset'],
] as const;

/** A number is seconds from now; a large one is the time itself, in seconds or milliseconds since 1970. */
function resetIn(value: string, now: number): number | null {
  if (!/^\d+(\.\d+)?$/.test(value)) return secondsIn(value) ?? untilDate(value, now);
  const number = Number(value);
  if (number < 1e9) return number;
  return Math.max(0, (number < 1e12 ? number : number / 1000) - now / 1000);
}

function untilDate(value: string, now: number): number | null {
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, (date - now) / 1000);
}
