/** What the engine relies on from every language model, wherever it asks. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LmCall, Rollout } from '../../src/data/lm.ts';
import { CallRejected, Cancelled, EndpointRefused, EndpointUnavailable } from '../../src/engine/errors.ts';
import type { LanguageModel } from '../../src/engine/interfaces.ts';

/** Why an endpoint gives no answer. */
export type Trouble = 'gone' | 'wrong key' | 'prompt too long';

/** What answers, as a test leads it. */
export interface AnsweringService {
  /** A language model over what is remembered, as each process makes one of its own. */
  connect(): LanguageModel;
  /** A call of its, with one message. */
  callOf(message: string): LmCall;
  /** Answers that were asked of it and paid for. */
  paid(): number;
  /** From now on messages are answered so; a promise is waited for. */
  answer(by: (message: string) => string | Promise<string>): void;
  /** From now on no message is answered, for this reason; until `answer` says how. */
  fail(trouble: Trouble): void;
  close(): Promise<void>;
}

const never = new AbortController().signal;
const first: Rollout = { round: 0, repeat: 0 };

/** @param open a service that echoes messages, over an empty memo. */
export function languageModelContract(name: string, open: () => Promise<AnsweringService>): void {
  describe(`${name}, as a language model`, () => {
    let service: AnsweringService;
    let lm: LanguageModel;
    const ask = (message: string, rollout = first, signal = never, by = lm) =>
      by.complete(service.callOf(message), rollout, signal);
    beforeEach(async () => {
      service = await open();
      service.answer((message) => `echo of ${message}`);
      lm = service.connect();
    });
    afterEach(() => service.close());

    it('answers as the model that was asked, and says what it took', async () => {
      const answer = await ask('Überweisung?');
      expect(answer).toMatchObject({
        ...{ text: 'echo of Überweisung?', model: service.callOf('').model, cached: false, finishReason: 'stop' },
        usage: { inputTokens: expect.any(Number) as number, outputTokens: expect.any(Number) as number },
      });
      expect([answer.key.length > 0, answer.seconds >= 0, service.paid()]).toEqual([true, true, 1]);
    });

    it('gives the same answer again for nothing, in another process too', async () => {
      const paid = await ask('a');
      service.answer(() => 'another answer');
      for (const by of [lm, service.connect()]) {
        const again = await ask('a', first, never, by);
        expect([again.text, again.key, again.cached, again.usage]).toEqual([paid.text, paid.key, true, paid.usage]);
      }
      expect(service.paid()).toBe(1);
    });

    it('takes no call for another one: messages, stops, guides, sampling, rounds, repeats and names of rollouts are apart', async () => {
      const plain = service.callOf('a');
      const asked: readonly (readonly [LmCall, Rollout])[] = [
        [plain, first],
        [service.callOf('b'), first],
        [{ ...plain, stop: ['\n'] }, first],
        [{ ...plain, guide: { kind: 'choice', choices: ['x', 'y'] } }, first],
        [{ ...plain, sampling: { temperature: 0.9 } }, first],
        [plain, { round: 0, repeat: 1 }],
        [plain, { round: 1, repeat: 0 }],
        [plain, { round: 1, repeat: 0, temperature: 1 }],
        [plain, { round: 0, repeat: 0, rolloutId: '7' }],
        [plain, { round: 0, repeat: 1, rolloutId: '7' }],
      ];
      const answers = await Promise.all(asked.map(([call, rollout]) => lm.complete(call, rollout, never)));
      expect(new Set(answers.map(({ key }) => key)).size).toBe(asked.length);
      expect([answers.filter(({ cached }) => cached), service.paid()]).toEqual([[], asked.length]);
    });

    it('pays once for the same call asked many times at once, and for each of many', async () => {
      const same = await Promise.all(Array.from({ length: 20 }, () => ask('a')));
      expect(new Set(same.map(({ text }) => text))).toEqual(new Set(['echo of a']));
      expect([same.filter(({ cached }) => !cached).length, service.paid()]).toEqual([1, 1]);
      const many = await Promise.all(Array.from({ length: 50 }, (_, index) => ask(`row ${index}`)));
      expect(many.map(({ text }) => text)).toEqual(many.map((_, index) => `echo of row ${index}`));
      expect(service.paid()).toBe(51);
    });

    it('asks nothing once it was told to stop, and says why in the words of who asked', async () => {
      const reason = new Cancelled('Stopped by `bettertogether cancel`.');
      await expect(ask('a', first, AbortSignal.abort(reason))).rejects.toBe(reason);
      expect(service.paid()).toBe(0);
      expect((await ask('a')).cached).toBe(false);
    });

    it('lets go of a call that is under way when it is told to, but not of who waits for the same one', async () => {
      const reason = new Cancelled('Stopped by `bettertogether cancel`.');
      const stop = new AbortController();
      let asked = 0;
      let answerNow: (text: string) => void = () => undefined;
      const later = new Promise<string>((resolve) => (answerNow = resolve));
      service.answer(() => {
        asked++;
        return later;
      });
      const [stopped, other] = [ask('a', first, stop.signal), ask('a')];
      await expect.poll(() => asked).toBe(1);
      stop.abort(reason);
      await expect(stopped).rejects.toBe(reason);
      answerNow('at last');
      expect((await other).text).toBe('at last');
      expect(service.paid()).toBe(1);
    });

    const troubles = [
      ['gone', EndpointUnavailable],
      ['wrong key', EndpointRefused],
      ['prompt too long', CallRejected],
    ] as const;
    it.each(troubles)(
      'says what kind of trouble it is in (%s), remembers none of it, and answers when it is over',
      async (trouble, kind) => {
        service.fail(trouble);
        const failed = ask('a');
        await expect(failed).rejects.toBeInstanceOf(kind);
        await expect(failed).rejects.toThrow(/\w{3}/);
        service.answer(() => 'well again');
        expect(await ask('a')).toMatchObject({ text: 'well again', cached: false });
        expect((await ask('a', first, never, service.connect())).cached).toBe(true);
      },
    );
  });
}
