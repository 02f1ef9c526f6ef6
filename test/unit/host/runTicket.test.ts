import { describe, expect, it } from 'vitest';
import type { LmAnswer, LmCall } from '../../../src/data/lm.ts';
import { CallRejected, EndpointUnavailable } from '../../../src/engine/errors.ts';
import type { CallLm } from '../../../src/engine/interfaces.ts';
import { RunTicket } from '../../../src/host/runTicket.ts';

const request = {
  state: { predictors: {} },
  example: { id: 0, inputs: {}, fields: {} },
  collecting: false,
};

function call(prompt: string): LmCall {
  return { model: 'm', prompt: { kind: 'text', prompt }, stop: [] };
}

function counting(): { lm: CallLm; asked: string[] } {
  const asked: string[] = [];
  const lm: CallLm = async ({ prompt }, purpose) => {
    asked.push(`${purpose} ${prompt.kind === 'text' ? prompt.prompt : ''}`);
    return answer(`answer ${asked.length}`);
  };
  return { lm, asked };
}

function answer(text: string): LmAnswer {
  return { text, finishReason: 'stop', usage: null, key: text, model: 'm', cached: false, seconds: 0 };
}

describe('RunTicket', () => {
  it('gives another try the answers of the first, the k-th identical call the k-th', async () => {
    const { lm, asked } = counting();
    const ticket = new RunTicket(1, request, 'h', lm);
    await ticket.complete(call('a'), 'program');
    await ticket.complete(call('a'), 'program');
    await ticket.complete(call('b'), 'metric');
    ticket.startAgain();
    const again = [];
    for (const [prompt, purpose] of [
      ['b', 'metric'],
      ['a', 'program'],
      ['a', 'program'],
    ] as const) {
      again.push((await ticket.complete(call(prompt), purpose)).text);
    }
    expect(again).toEqual(['answer 3', 'answer 1', 'answer 2']);
    expect(asked).toHaveLength(3);
    await ticket.complete(call('b'), 'program');
    await ticket.complete(call('a'), 'program');
    expect(asked.slice(3)).toEqual(['program b', 'program a']);
  });

  it('keeps answers over several tries, those not asked for again included', async () => {
    const { lm, asked } = counting();
    const ticket = new RunTicket(1, request, 'h', lm);
    await ticket.complete(call('a'), 'program');
    await ticket.complete(call('b'), 'program');
    ticket.startAgain();
    await ticket.complete(call('a'), 'program');
    ticket.startAgain();
    expect((await ticket.complete(call('a'), 'program')).text).toBe('answer 1');
    expect((await ticket.complete(call('b'), 'program')).text).toBe('answer 2');
    expect(asked).toHaveLength(2);
  });

  it('knows whether it waits for an LM, in this try', async () => {
    let release!: (value: LmAnswer) => void;
    const ticket = new RunTicket(1, request, 'h', () => new Promise((resolve) => (release = resolve)));
    const open = ticket.complete(call('a'), 'program');
    expect(ticket.waitsForLm).toBe(true);
    ticket.startAgain();
    expect(ticket.waitsForLm).toBe(false);
    const joined = ticket.complete(call('a'), 'program');
    release(answer('late'));
    expect([(await open).text, (await joined).text]).toEqual(['late', 'late']);
    expect(ticket.waitsForLm).toBe(false);
  });

  it('ends with the error that leaves it without a result', async () => {
    const gone = new EndpointUnavailable('gone');
    const ticket = new RunTicket(1, request, 'h', () => Promise.reject(gone));
    await expect(ticket.complete(call('a'), 'program')).rejects.toBe(gone);
    ticket.finish({ prediction: { answer: 'x' }, score: 1, trace: [], seconds: 0 });
    await expect(ticket.outcome).rejects.toBe(gone);
  });

  it('goes on after a rejected call', async () => {
    const ticket = new RunTicket(1, request, 'h', () => Promise.reject(new CallRejected('too long')));
    await expect(ticket.complete(call('a'), 'program')).rejects.toThrow('too long');
    expect(ticket.settled).toBe(false);
  });
});
