/** A request that an endpoint does not take because of one of its parts, and would take without it. */
import type { LmRequest } from '../wire/requestBody.ts';
import { CallRejected } from '../engine/errors.ts';
import type { Connection } from './connection.ts';
import { refusalIn, type Refusal } from '../wire/refusedPart.ts';
import { classify, rejectedAdvice, rejectedText, saidOf, type Failure } from './failures.ts';

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

/** As `classify`, for a request whose parts are refused one by one: then the error is a `PartRefused`. */
export function classifyCall(error: unknown, connection: Connection, request: LmRequest): Failure {
  const what = `model "${String(request.body['model'])}"`;
  const said = saidOf(error);
  const refusal = said === null ? null : refusalIn(request, said.status, said.words);
  if (said === null || refusal === null) return classify(error, connection, what);
  const message = rejectedText(said.text, rejectedAdvice.rejected, what, connection);
  return { kind: 'final', error: new PartRefused(message, refusal, said.text) };
}
