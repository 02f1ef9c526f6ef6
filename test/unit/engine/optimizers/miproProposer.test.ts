import { estimateTokenCount } from 'tokenx';
import { describe, expect, it } from 'vitest';
import type { LmAnswer } from '../../../../src/data/lm.ts';
import type { Ask, Question } from '../../../../src/engine/ask.ts';
import type { DemosByPredictor } from '../../../../src/engine/demos/demos.ts';
import { CallRejected } from '../../../../src/engine/errors.ts';
import { describe as describeParts } from '../../../../src/engine/optimizers/mipro/proposer/describe.ts';
import { instructionPrompt } from '../../../../src/engine/optimizers/mipro/proposer/instruct.ts';
import { demosFrom, propose } from '../../../../src/engine/optimizers/mipro/proposer/propose.ts';
import {
  observationPrompt,
  summaryCalls,
  summaryOf,
  summaryPrompt,
} from '../../../../src/engine/optimizers/mipro/proposer/summary.ts';
import { tips } from '../../../../src/engine/optimizers/mipro/search/draws.ts';
import { resolveProposer } from '../../../../src/engine/proposer/settings.ts';
import { examples, twoPredictors } from '../fakes.ts';

const proposer = resolveProposer(undefined, { embedded: false });
const contentOf = ({ prompt }: Question): string => (prompt.kind === 'chat' ? prompt.messages[0]!.content : '');

/** An LM of which the questions are kept, in the order in which they are begun. */
function scripted(answer: (content: string, place: number) => string) {
  const asked: string[] = [];
  const ask: Ask = async (question) => {
    const place = asked.push(contentOf(question)) - 1;
    await Promise.resolve();
    const text = answer(asked[place]!, place);
    const usage = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 };
    return { text, finishReason: 'stop', usage, key: 'k', model: 'm', cached: false, seconds: 0 } as LmAnswer;
  };
  return { ask, asked };
}

const rejected = () => {
  throw new CallRejected('too long');
};

describe('a summary of the data', () => {
  const isSummary = (content: string) => content.startsWith('Notes about a data set');

  it.each([
    [1, 2],
    [10, 2],
    [11, 3],
    [95, 11],
    [1000, 11],
  ])('of %d rows takes %d questions, ten rows a look', async (rows, calls) => {
    const { ask, asked } = scripted((content, place) => (isSummary(content) ? 'All in all.' : `note ${place}.`));
    expect(await summaryOf(examples(rows), ask, proposer)).toBe('All in all.');
    expect(asked).toHaveLength(calls);
    expect(summaryCalls(rows)).toBe(calls);
    expect(asked[0]).not.toContain('COMPLETE');
    expect(asked[0]!.match(/"question":"q\d+"/g)).toHaveLength(Math.min(10, rows));
    for (let look = 1; look < calls - 1; look++) {
      expect(asked[look]).toContain(`note ${look - 1}.`);
      expect(asked[look]).toContain(`"question":"q${10 * look}","answer":"a${10 * look}"`);
    }
    expect(asked.at(-1)).toContain('note 0.');
  });

  it('looks no further once it had nothing to add five times, and takes such answers for no notes', async () => {
    const { ask, asked } = scripted((content, place) =>
      isSummary(content) ? 'Sum.' : place === 0 ? 'complete nonsense' : place % 2 === 0 ? 'Complete.' : 'note',
    );
    await summaryOf(examples(100), ask, proposer);
    // Looks 2, 4, 6, 8 and 10 had nothing to add.
    expect(asked).toHaveLength(10 + 1);
    expect(asked.at(-1)).toContain('complete nonsense');
    expect(asked.at(-1)).not.toContain('Complete.');
    const { ask: bored, asked: short } = scripted((_, place) => (place === 0 ? 'note' : 'COMPLETE'));
    await summaryOf(examples(100), bored, proposer);
    expect(short).toHaveLength(1 + 5 + 1);
  });

  it('is made of what was answered, and there is none where nothing was', async () => {
    const { ask, asked } = scripted((content, place) =>
      isSummary(content) ? 'Sum.' : place > 1 ? rejected() : 'note',
    );
    expect(await summaryOf(examples(60), ask, proposer)).toBe('Sum.');
    expect(asked).toHaveLength(4);
    const { ask: never, asked: once } = scripted(rejected);
    expect(await summaryOf(examples(60), never, proposer)).toBeNull();
    expect(once).toHaveLength(1);
    const { ask: thinking } = scripted(() => '<think>The rows are');
    expect(await summaryOf(examples(60), thinking, proposer)).toBeNull();
  });
});

describe('descriptions', () => {
  const modules = twoPredictors.predictors;

  it('are of the program, and then of each predictor in its light', async () => {
    const { ask, asked } = scripted((_, place) => `It is part ${place}.`);
    const found = await describeParts('class Two:', modules, ask, proposer);
    expect(found).toEqual({ program: 'It is part 0.', modules: ['It is part 1.', 'It is part 2.'] });
    expect(asked[0]).toContain('~~~\nclass Two:\n~~~');
    expect(asked[1]).toContain('a.predict: question -> answer');
    for (const content of asked.slice(1)) expect(content).toContain('It is part 0.');
  });

  it('are asked for only where the code is known, and left out where no answer came', async () => {
    const { ask, asked } = scripted(() => 'It is.');
    expect(await describeParts(null, modules, ask, proposer)).toEqual({ program: null, modules: [null, null] });
    expect(asked).toEqual([]);
    const { ask: partly } = scripted((_, place) => (place === 1 ? 'It is.' : rejected()));
    expect(await describeParts('code', modules, partly, proposer)).toEqual({
      program: null,
      modules: ['It is.', null],
    });
  });
});

const demo = (question: string, augmented = true) => ({
  demo: { fields: { question, answer: `to ${question}` }, augmented },
  example: examples(1)[0]!,
});

describe('instructions', () => {
  const sets: readonly DemosByPredictor[] = [
    {},
    { 'a.predict': [demo('label', false)] },
    { 'a.predict': [demo('two'), demo('label', false)], 'b.predict': [demo('other')] },
    { 'a.predict': [demo('three'), demo('two')] },
    { 'a.predict': [demo('four'), demo('five')] },
  ];
  const background = { summary: 'Rows are odd.', program: 'It answers.', modules: ['It begins.', 'It ends.'] };
  const parts = {
    ...{ proposer, source: 'class Two:', modules: twoPredictors.predictors },
    instructions: ['Do a.predict.', 'Do b.predict.'],
  };
  const draw = (tip: (typeof tips)[number]) => ({ tip, rolloutId: 0 });

  it('are asked for with bootstrapped demos of the set in their place and of those behind it, around the end', () => {
    const shown = (place: number) => demosFrom(sets, place, 'a.predict').map(({ fields }) => fields['question']);
    expect(shown(1)).toEqual(['two', 'three', 'four']);
    expect(shown(3)).toEqual(['three', 'two', 'four']);
    expect(shown(4)).toEqual(['four', 'five', 'two']);
    expect(demosFrom(sets, 4, 'b.predict').map(({ fields }) => fields['question'])).toEqual(['other']);
  });

  it('are asked for at once and in order, for each predictor and place but the first', async () => {
    const { ask, asked } = scripted((_, place) => `\`\`\`\nDo it well, ${place}.\n\`\`\``);
    const draws = [
      [draw('none'), draw('persona'), draw('none')],
      [draw('creative'), draw('simple'), draw('simple')],
    ];
    const proposing = propose({ ...parts, ask }, background, sets, draws);
    expect(asked).toHaveLength(4);
    expect((await proposing).map((each) => each.map((one) => one.kind === 'instruction' && one.text))).toEqual([
      ['Do it well, 0.', 'Do it well, 1.'],
      ['Do it well, 2.', 'Do it well, 3.'],
    ]);
    const parted = [
      'Rows are odd.',
      '~~~\nclass Two:\n~~~',
      'It answers.',
      'a.predict: question -> answer',
      'It begins.',
    ];
    for (const text of [...parted, '{"question":"two"}', '{"answer":"to two"}', 'Do a.predict.', '"You are …"']) {
      expect(asked[0]).toContain(text);
    }
    expect(asked[1]).not.toContain('"You are …"');
    expect(asked[2]).toContain('It ends.');
    expect(asked[2]).toContain('short, plain');
  });

  it('that are none are refused with the reason, and so is one that is there already', async () => {
    const answers = ['{"answer": 1}', '```\nDo it.\n```', 'Do it.', 'Do a.predict.', 'to two', '', 'Do it again.'];
    const { ask } = scripted((_, place) => (place === 7 ? rejected() : answers[place]!));
    const [found] = await propose({ ...parts, ask, modules: [parts.modules[0]!] }, background, sets, [
      Array.from({ length: 9 }, () => draw('none')),
    ]);
    expect(found!.map((one) => (one.kind === 'instruction' ? one.text : `- ${one.reason}`))).toEqual([
      ...['- JSON', 'Do it.', '- the same again', '- unchanged', '- an answer to the task', '- empty', 'Do it again.'],
      '- not answered',
    ]);
  });

  it.each(tips)('with the tip %s differ from others by it alone', (tip) => {
    const request = {
      ...{ module: twoPredictors.predictors[0]!, instruction: '', summary: null, source: null, program: null },
      ...{ description: null, demos: [], tokensAtMost: 70 },
    };
    const prompts = new Set(tips.map((one) => instructionPrompt({ ...request, tip: one }, 16_000)));
    expect(prompts.size).toBe(tips.length);
    const prompt = instructionPrompt({ ...request, tip }, 16_000);
    expect(prompt).toContain('It has none yet.');
    expect(prompt).toContain('some 70 tokens at most');
    for (const heading of ['# The data', '# The program', '# Calls of the step']) expect(prompt).not.toContain(heading);
  });
});

describe('prompts of the proposer', () => {
  const long = 'Say it again, but better. '.repeat(4000);
  const module = twoPredictors.predictors[0]!;

  it.each([400, 1200, 16_000])('stay within %d tokens however long their parts are', (tokens) => {
    const rows = examples(10).map((row) => ({ ...row, fields: { question: long.slice(0, 30_000) } }));
    const prompts = [
      observationPrompt(rows, [long, 'short', long], tokens),
      summaryPrompt([long, long], tokens),
      instructionPrompt(
        {
          ...{ module, instruction: long, summary: long, source: long, program: long, description: long },
          ...{ demos: [demo(long).demo, demo('short').demo], tip: 'highStakes', tokensAtMost: 3000 },
        },
        tokens,
      ),
    ];
    for (const prompt of prompts) expect(estimateTokenCount(prompt)).toBeLessThanOrEqual(tokens);
  });
});
