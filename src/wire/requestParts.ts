/**
 * What an endpoint may refuse in a request, each by itself. A request is sent without it from then on; `max_tokens` and
 * `max_completion_tokens` stand in for each other. `whole`: an answer that is not streamed; `streamUsage`: the numbers of
 * tokens at the end of one that is.
 */
export const requestParts = [
  'topP',
  'temperature',
  'seed',
  'stop',
  'max_tokens',
  'max_completion_tokens',
  'jsonSchema',
  'jsonObject',
  'choice',
  'opened',
  'systemRole',
  'whole',
  'streamUsage',
] as const;
export type RequestPart = (typeof requestParts)[number];

/** Of an endpoint that takes all of them. */
export const nothingRefused: ReadonlySet<RequestPart> = new Set();
