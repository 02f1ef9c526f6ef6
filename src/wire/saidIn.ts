import type { FinishReason } from '../data/lm.ts';
import { withoutEndOfTurn } from './endOfTurn.ts';
import { withoutRepeated, type LmRequest } from './requestBody.ts';
import { stopIn } from './stops.ts';

interface Answered {
  readonly text: string | null;
  readonly finishReason: FinishReason;
}

/** What the model said of what the endpoint answered. */
export function saidIn<T extends Answered>(answered: T, request: LmRequest): T {
  const { text } = answered;
  if (text === null) return answered;
  return cutAtStop({ ...answered, text: withoutRepeated(withoutEndOfTurn(text), request) }, request);
}

/** Where an endpoint takes no stop sequences, its answer ends here where it would have ended there. */
function cutAtStop<T extends Answered>(answered: T, { unsent }: LmRequest): T {
  const stops = unsent['stop'];
  const end = answered.text === null || !Array.isArray(stops) ? null : stopIn(answered.text, stops.map(String));
  return end === null ? answered : { ...answered, text: answered.text!.slice(0, end), finishReason: 'stop' };
}
