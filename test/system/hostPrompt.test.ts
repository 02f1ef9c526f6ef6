/** The prompt that a TypeScript program's host shows is the one that it asks. */
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.ts';
import type { LmCall } from '../../src/data/lm.ts';
import { formatNames } from '../../src/program/formats/registry.ts';
import { fakeLm, nodeHosts, request, startState } from './hostTools.ts';

const { start } = nodeHosts();

describe('renderPrompt', () => {
  it.each(formatNames)('in the format %s', async (adapter) => {
    const host = await start('hops.ts#Hops', { adapter });
    const state = startState(await host.describe(), 'tuned');
    const asked: LmCall[] = [];
    const answer = fakeLm((_field, question) => question);
    const lm = (call: LmCall) => {
      asked.push(call);
      return answer(call);
    };
    await host.run(request(state, 'who', { labels: { answer: 'who' } }), lm, new AbortController().signal);
    const name = 'generate_query[0].predict';
    const inputs = { context: '', question: 'who' };
    expect(await host.renderPrompt({ predictor: name, state: state.predictors[name]!, inputs })).toEqual(asked[0]);
    expect(asked[0]!.model).toBe('tuned');
  });

  it('names the predictors there are, and what input is no input', async () => {
    const host = await start('hops.ts#Hops');
    const [state] = Object.values(startState(await host.describe()).predictors);
    const none = host.renderPrompt({ predictor: 'none', state: state!, inputs: {} });
    await expect(none).rejects.toBeInstanceOf(UsageError);
    await expect(none).rejects.toThrow('no predictor "none". It has: generate_query[0].predict');
  });
});
