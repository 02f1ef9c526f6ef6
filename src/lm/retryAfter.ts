import { retryAfterSecondsAtMost } from '../base/limits.ts';

/** The headers by which an endpoint says when to come back. */
interface HeaderReader {
  get(name: string): string | null;
}

/**
 * Seconds to wait, a day at most: `retry-after-ms`, or `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3);
 * else `null`.
 */
export function retryAfterSeconds(headers: HeaderReader | undefined, now = Date.now()): number | null {
  const seconds = askedFor(headers, now);
  return seconds === null ? null : Math.min(seconds, retryAfterSecondsAtMost);
}

function askedFor(headers: HeaderReader | undefined, now: number): number | null {
  const milliseconds = headers?.get('retry-after-ms')?.trim();
  if (milliseconds !== undefined && /^\d+(\.\d+)?$/.test(milliseconds)) return Number(milliseconds) / 1000;
  const value = headers?.get('retry-after')?.trim();
  if (value === undefined || value === '') return null;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, (date - now) / 1000);
}
