import { CallRejected, EndpointRefused, EndpointUnavailable } from '../../../src/engine/errors.ts';
import { FakeLm } from '../../unit/engine/fakes.ts';
import type { AnsweringService, Trouble } from '../languageModel.ts';

const errors: Readonly<Record<Trouble, () => Error>> = {
  gone: () => new EndpointUnavailable('The endpoint is gone.'),
  'wrong key': () => new EndpointRefused('The key is wrong.'),
  'prompt too long': () => new CallRejected('The prompt is too long.'),
};

/** The endpoint of the unit tests; those of all processes share a memo. */
export async function openFakeLm(): Promise<AnsweringService> {
  const memo = new Map<string, string>();
  const made: FakeLm[] = [];
  let answer: (message: string) => string | Promise<string> = (message) => message;
  return {
    connect: () => {
      const lm = new FakeLm(
        ({ call }) => answer(call.prompt.kind === 'chat' ? call.prompt.messages.at(-1)!.content : call.prompt.prompt),
        memo,
      );
      made.push(lm);
      return lm;
    },
    callOf: (message) => ({
      model: 'base',
      prompt: { kind: 'chat', messages: [{ role: 'user', content: message }] },
      stop: [],
    }),
    paid: () => made.reduce((sum, lm) => sum + lm.paid.length, 0),
    answer: (by) => {
      answer = by;
    },
    fail: (trouble) => {
      answer = () => {
        throw errors[trouble]();
      };
    },
    close: () => Promise.resolve(),
  };
}
