import { describe, expect, it } from 'vitest';
import type { LmCall } from '../../../src/data/lm.ts';
import type { PromptRequest } from '../../../src/run/work/request.ts';
import { cli, makeWorkspace } from './workspace.ts';

const call: LmCall = {
  model: 'tuned',
  prompt: {
    kind: 'chat',
    messages: [
      { role: 'system', content: 'Two\nlines.' },
      { role: 'user', content: 'red\u001B[31m' },
    ],
    opened: 'Domain:',
  },
  stop: [],
  sampling: { temperature: 0 },
};

function showing() {
  const requests: PromptRequest[] = [];
  const showPrompt = (request: PromptRequest) => {
    requests.push(request);
    return Promise.resolve({ predictor: 'classify.predict', inputs: {}, call });
  };
  return { requests, wishes: { compose: { showPrompt } } };
}

describe('prompt', () => {
  it('shows the turns as the LM gets them, and nothing that a terminal obeys', async () => {
    const { requests, wishes } = showing();
    const { code, out } = await cli(makeWorkspace(), ['prompt', 'intents'], wishes);
    expect(code).toBe(0);
    expect(requests).toMatchObject([{ state: null, predictor: null, inputs: null, config: { key: 'intents' } }]);
    expect(out).toBe(
      'predictor classify.predict, model tuned, temperature 0\n\n' +
        '── system ──\nTwo\nlines.\n\n── user ──\nred�[31m\n\n── assistant, opened ──\nDomain:\n',
    );
  });

  it('takes predictor and input, and gives the call as JSON', async () => {
    const { requests, wishes } = showing();
    const args = ['prompt', 'intents', '--predictor', 'classify', '--input', '{"utterance":"hi"}', '--json'];
    const { out } = await cli(makeWorkspace(), args, wishes);
    expect(requests).toMatchObject([{ predictor: 'classify', inputs: { utterance: 'hi' } }]);
    expect(JSON.parse(out)).toEqual({ predictor: 'classify.predict', inputs: {}, call });
  });

  it('exits 2 at an input that is no object, and at a run that is not there', async () => {
    const { requests, wishes } = showing();
    for (const input of ['{', '[1]', '"x"']) {
      expect((await cli(makeWorkspace(), ['prompt', 'intents', '--input', input], wishes)).code).toBe(2);
    }
    const nothing = await cli(makeWorkspace(), ['prompt', 'nothing'], wishes);
    expect(nothing.code).toBe(2);
    expect(nothing.err).toContain('There is no program "nothing".');
    expect(nothing.err).toContain('It is no run either. There are no runs in ');
    expect(requests).toEqual([]);
  });
});
