/** A request that an endpoint does not take because of one of its parts, and would take without it. */
import type { Sampling } from '../data/lm.ts';
import type { LmRequest } from '../wire/requestBody.ts';
import { CallRejected } from '../engine/errors.ts';
import type { Connection } from './connection.ts';
import { meaningOf } from '../wire/errorMeaning.ts';
import { blamedSetting } from '../wire/outOfRange.ts';
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
 * @param usual the run's sampling: a call that is refused for a setting of its own is refused alone. Left out: none has one.
 */
export function classifyCall(error: unknown, connection: Connection, request: LmRequest, usual?: Sampling): Failure {
  const what = `model "${String(request.body['model'])}"`;
  const said = saidOf(error);
  if (said === null) return classify(error, connection, what);
  const rejected = (advice: string) => rejectedText(said.text, advice, what, connection);
  const refusal = refusalIn(request, said.status, said.words);
  if (refusal !== null) {
    return { kind: 'final', error: new PartRefused(rejected(rejectedAdvice.rejected), refusal, said.text) };
  }
  const own = usual === undefined ? null : ownSetting(said, connection, request, usual);
  if (own === null) return classify(error, connection, what);
  return { kind: 'final', error: new CallRejected(rejected(ownAdvice[own])) };
}

const ownAdvice: Readonly<Record<keyof Sampling, string>> = {
  temperature: 'This call names its own temperature: change it where the code of the program, or the step, sets it.',
  topP: 'This call names its own top_p: change it where the code of the program sets it.',
  maxTokens: 'This call names its own number of tokens: let the code of the program ask for fewer.',
};

const keysOf: Readonly<Record<keyof Sampling, readonly string[]>> = {
  temperature: ['temperature'],
  topP: ['top_p'],
  maxTokens: ['max_tokens', 'max_completion_tokens'],
};

/** The setting that is out of its range, where the call names its own; `null`: it is that of all calls. */
function ownSetting(
  { status, words }: Said,
  { endpoint }: Connection,
  { body }: LmRequest,
  usual: Sampling,
): keyof Sampling | null {
  if (meaningOf(status, words) !== 'outOfRange') return null;
  const blamed = blamedSetting(words.text);
  const key = keysOf[blamed].find((each) => each in body);
  const isOfAll = key === undefined || key in endpoint.request || body[key] === usual[blamed];
  return isOfAll ? null : blamed;
}
