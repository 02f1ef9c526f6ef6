import { describe, expect, it } from 'vitest';
import type { Fields } from '../../../src/base/json.ts';
import type { Demo } from '../../../src/data/program.ts';
import { plainFormat } from '../../../src/program/formats/plain.ts';
import { ParseError } from '../../../src/program/values/parseError.ts';
import { renderRow } from '../../../src/program/rows.ts';
import { signature, withReasoning } from '../../../src/program/signature.ts';

const intents = signature("utterance -> domain: 'banking' | 'travel' | 'work'", {
  instructions: 'Name the domain of the utterance.',
});
const vanilla = { instructions: intents.instructions, demos: [] };
const demo = (fields: Fields, augmented = true): Demo => ({ fields, augmented });

describe('plain', () => {
  it('is a system turn with the allowed values, prefixed inputs, demos as turns and an opened answer', () => {
    const state = { ...vanilla, demos: [demo({ utterance: 'pay my bill', domain: 'banking' })] };
    expect(plainFormat.render(intents, state, { utterance: 'book a flight' })).toEqual({
      prompt: {
        kind: 'chat',
        messages: [
          {
            role: 'system',
            content: 'Name the domain of the utterance. Answer with one of: banking, travel, work.',
          },
          { role: 'user', content: 'Utterance: pay my bill' },
          { role: 'assistant', content: 'Domain: banking' },
          { role: 'user', content: 'Utterance: book a flight' },
        ],
        opened: 'Domain:',
      },
      stop: ['\n'],
      guide: { kind: 'choice', choices: [' banking', ' travel', ' work'] },
    });
  });

  it('reads answers with and without the prefix, and refuses what is no domain', () => {
    for (const text of [' banking', 'banking', 'Domain: banking', ' domain: banking\nUtterance: more']) {
      expect(plainFormat.parse(intents, text)).toEqual({ domain: 'banking' });
    }
    for (const text of ['', '\n', 'Domain:', 'banking or travel']) {
      expect(() => plainFormat.parse(intents, text)).toThrow(ParseError);
    }
  });

  it('trains on the value with its space and keeps the prefix in the prompt', () => {
    const row = renderRow(intents, vanilla, 'plain', { utterance: 'u' }, { domain: 'work' });
    expect(row).toMatchObject({ prompt: { opened: 'Domain:' }, completion: ' work', end: null });
  });

  it('has several outputs one a line, and no choice for them', () => {
    const cot = withReasoning(intents);
    const rendered = plainFormat.render(cot, vanilla, { utterance: 'u' });
    expect(rendered.prompt).toMatchObject({ opened: 'Reasoning:' });
    expect(rendered.guide).toBeUndefined();
    expect(rendered.stop).toEqual(['\nUtterance:']);
    expect(rendered.prompt.kind === 'chat' && rendered.prompt.messages[0]!.content).toBe(
      'Name the domain of the utterance. Domain is one of: banking, travel, work.',
    );
    const outputs = { reasoning: 'Bills are\npaid.', domain: 'banking' };
    const row = renderRow(cot, vanilla, 'plain', { utterance: 'u' }, outputs);
    expect(row.completion).toBe(' Bills are paid.\nDomain: banking');
    expect(plainFormat.parse(cot, row.completion)).toEqual({ ...outputs, reasoning: 'Bills are paid.' });
    expect(plainFormat.parse(cot, 'Reasoning: two\nlines\nDomain: work')).toEqual({
      reasoning: 'two\nlines',
      domain: 'work',
    });
    expect(() => plainFormat.parse(cot, 'only thoughts')).toThrow(/no field 'domain'/);
  });

  it('shows labelled demos of a chain of thought without the reasoning they lack, before the whole ones', () => {
    const whole = demo({ utterance: 'a', reasoning: 'r', domain: 'work' });
    const labelled = demo({ utterance: 'b', domain: 'travel' }, false);
    const { prompt } = plainFormat.render(
      withReasoning(intents),
      { ...vanilla, demos: [whole, labelled] },
      { utterance: 'u' },
    );
    const turns = prompt.kind === 'chat' ? prompt.messages.slice(1).map((message) => message.content) : [];
    expect(turns).toEqual([
      'Utterance: b',
      'Domain: travel',
      'Utterance: a',
      'Reasoning: r\nDomain: work',
      'Utterance: u',
    ]);
  });

  it('tells what the author described', () => {
    const described = signature('length -> species', {
      instructions: 'Name it.',
      descriptions: { species: 'setosa or virginica' },
    });
    const { prompt, guide } = plainFormat.render(described, { instructions: 'Name it.', demos: [] }, { length: 3 });
    expect(prompt).toMatchObject({
      messages: [{ content: 'Name it.\nSpecies: setosa or virginica' }, { content: 'Length: 3' }],
    });
    expect(guide).toBeUndefined();
  });
});
