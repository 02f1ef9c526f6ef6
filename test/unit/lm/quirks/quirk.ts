import type { FakeCall, FakeReply } from '../../../fakes/fakeEndpoint.ts';
import type { LmCall } from '../../../../src/data/lm.ts';

/** One way of servers that differs from OpenAI's, and what the product does about it. */
export interface Quirk {
  readonly quirk: string;
  readonly seenAt: string;
  readonly does: string;
  /** What the endpoint answers to a request. */
  readonly answer: (call: FakeCall) => string | FakeReply;
  /** Default: one user message. */
  readonly asks?: Partial<LmCall>;
  readonly then: Outcome;
  /** Calls that count against a cap. Default: 1 where there is an answer, else none. */
  readonly charged?: number;
}

export type Outcome =
  /** The text, and what the request that was answered holds and does not. */
  | { readonly text: string; readonly sent?: Readonly<Record<string, unknown>>; readonly without?: readonly string[] }
  /** The row fails, the run goes on. */
  | { readonly rejected: RegExp }
  /** The run ends: nothing would be answered. */
  | { readonly refused: RegExp }
  /** Asked again until patience ends. */
  | { readonly unavailable: RegExp };

/** An error as the body of an answer. */
export const error = (status: number, raw: unknown): FakeReply => ({ text: null, status, raw });

/** An answer of one choice that holds what OpenAI's would not. */
export const choice = (fields: object): FakeReply => ({
  text: null,
  raw: { choices: [fields], usage: { prompt_tokens: 5, completion_tokens: 2 } },
});

export const message = (fields: object): FakeReply =>
  choice({ message: { role: 'assistant', ...fields }, finish_reason: 'stop' });
