/** A request that an endpoint does not take because of one of its parts, and would take without it. */
import type { LmRequest } from '../wire/requestBody.ts';
import { CallRejected } from '../engine/errors.ts';
import type { Connection } from './connection.ts';
import { meaningOf } from '../wire/errorMeaning.ts';
import { blamesTokens } from '../wire/outOfRange.ts';
import { refusalIn, type Refusal } from '../wire/refusedPart.ts';
import { classify, rejectedAdvice, rejectedText, saidOf, type Failure, type Said } from './failures.ts';

export class PartRefused extends CallRejected {
  override readonly name = 'PartRefused';
  readonly refusal: Refusal;
  /** What the endpoint said, fit to be shown. */
  readonly said: string;

  constructor(message: string, refusal: Refusal, said: string) {
    super(message);
    this.refusal = refusal;
    this.said = said;
  }
}

/**
 * As `classify`, for a request whose parts are refused one by one: then the error is a `PartRefused`.
 *
 * @param usual the run's `maxTokens`: a call that asks for another number is refused alone. Left out: all ask for the same.
 */
export function classifyCall(error: unknown, connection: Connection, request: LmRequest, usual?: number): Failure {
  const what = `model "${String(request.body['model'])}"`;
  const said = saidOf(error);
  const refusal = said === null ? null : refusalIn(request, said.status, said.words);
  if (said !== null && refusal === null && asksItsOwn(request, usual) && isItsOwn(said)) {
    return { kind: 'final', error: new CallRejected(rejectedText(said.text, ownTokensAdvice, what, connection)) };
  }
  if (said === null || refusal === null) return classify(error, connection, what);
  const message = rejectedText(said.text, rejectedAdvice.rejected, what, connection);
  return { kind: 'final', error: new PartRefused(message, refusal, said.text) };
}

const ownTokensAdvice = 'This call names its own number of tokens: let the code of the program ask for fewer.';

function asksItsOwn({ body }: LmRequest, usual: number | undefined): boolean {
  return usual !== undefined && (body['max_tokens'] ?? body['max_completion_tokens']) !== usual;
}

const isItsOwn = ({ status, words }: Said): boolean =>
  meaningOf(status, words) === 'outOfRange' && blamesTokens(words.text);
