/**
 * What some services want of every call, and reject each call without it. Only how a text begins is believed: services
 * repeat what they were asked further on.
 */

/** `apiVersion`: Azure's older addresses want one behind each. */
export type Wanted = 'apiVersion' | 'header';

const headerName = String.raw`['"\`]?\w+(-\w+)+['"\`]?`;
const isMissing = String.raw`(is|was) (required|missing|not (set|found|present|provided))`;

const wanted: readonly (readonly [Wanted, RegExp])[] = [
  ['apiVersion', /^missing required query parameter:? ['"`]?api[- ]version\b/i],
  [
    'apiVersion',
    /^((the|specified) )*['"`]?api[- ]version\b[^.]{0,60}\b(required|missing|invalid|unsupported|not (supported|valid))\b/i,
  ],
  // Of FastAPI.
  ['header', /^header\.\w+([_-]\w+)*: (field required|missing)/i],
  ['header', /^missing (required |the |a |request |http )*headers?\b/i],
  [
    'header',
    new RegExp(`^((either|the|required|request|http) )*${headerName}( or ${headerName})*:? header ${isMissing}`, 'i'),
  ],
  ['header', new RegExp(`^((the|required|request|http) )*header:? ${headerName} ${isMissing}`, 'i')],
];

/** @param text of an error, as it came. @returns `null`: nothing that is known. */
export const wantedOfEveryCall = (text: string): Wanted | null =>
  wanted.find(([, words]) => words.test(text))?.[0] ?? null;
