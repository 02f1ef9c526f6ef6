/** Lengths of time as servers write them: `34s`, `6m12s`, `250ms`, `1h2m3.5s`, `7 seconds`. */

const number = String.raw`\d+(?:\.\d+)?`;
const unit = 'milliseconds?|msec|ms|days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s';
/** At the beginning of a text; what follows a unit is no letter of a longer word. */
const durationFirst = new RegExp(String.raw`^(?:${number} ?(?:${unit})(?![a-z])(?:[ ,]|and )*)+`, 'i');
const part = new RegExp(String.raw`(${number}) ?(${unit})`, 'gi');

const secondsOf: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1 };

/** Seconds; `null` for what is no length of time, or has more behind it. A number alone has no unit. */
export function secondsIn(text: string): number | null {
  const trimmed = text.trim();
  return durationFirst.exec(trimmed)?.[0].length === trimmed.length ? sum(trimmed) : null;
}

/** "Please try again in 6m12s.", "Please retry after 7 seconds", "Please wait 30 seconds before": with these words alone. */
const asksToWait =
  /\b(?:(?:try again|retry)(?: your request)? (?:in|after)|please wait):?(?: at least| about)? (?=\d)/i;

/** Seconds that a sentence of an error asks to wait; `null` where it names none. */
export function waitIn(text: string): number | null {
  const found = asksToWait.exec(text);
  if (found === null) return null;
  const first = durationFirst.exec(text.slice(found.index + found[0].length));
  return first === null ? null : sum(first[0]);
}

function sum(text: string): number {
  return [...text.matchAll(part)]
    .map(
      ([, amount, name]) => Number(amount) * (/^m(s|illi)/i.test(name!) ? 0.001 : secondsOf[name![0]!.toLowerCase()]!),
    )
    .reduce((total, each) => total + each, 0);
}
