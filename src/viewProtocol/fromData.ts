/** What a page needs of other layers besides the protocol; values are looked at without the tags that carry them. */
export { shownValue } from '../base/exact.ts';
export { pairedDifference } from '../data/pairedDifference.ts';
export type { JsonValue } from '../base/json.ts';
export type { Retrieval as RetrievalRow } from '../data/trace.ts';
export type { StepInfo } from '../protocol.ts';
