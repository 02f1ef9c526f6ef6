import { describe, expect, it } from 'vitest';
import { BudgetExhausted } from '../../src/engine/errors.ts';
import { languageModelContract } from './languageModel.ts';
import { openEndpoint, otherEndpoint, ownEndpoint } from './languageModels/endpoints.ts';
import { openEditorModels } from './languageModels/editorModels.ts';
import { openFakeLm } from './languageModels/fake.ts';

const places = [
  ['The run’s own endpoint', ownEndpoint],
  ['An endpoint that a program names', otherEndpoint],
] as const;

for (const [name, place] of places) languageModelContract(name, () => openEndpoint(place));
languageModelContract('The models of the editor', openEditorModels);
languageModelContract('The fake of the unit tests', openFakeLm);

describe('a cap', () => {
  it.each(places)('holds at %s, and lets through what is free', async (_, place) => {
    const { signal } = new AbortController();
    const service = await openEndpoint(place, { calls: 1, tokens: null, usd: null });
    const lm = service.connect();
    const first = { round: 0, repeat: 0 };
    await lm.complete(service.callOf('a'), first, signal);
    await expect(lm.complete(service.callOf('b'), first, signal)).rejects.toThrow(BudgetExhausted);
    expect((await lm.complete(service.callOf('a'), first, signal)).cached).toBe(true);
    expect(service.paid()).toBe(1);
    await service.close();
  });
});
