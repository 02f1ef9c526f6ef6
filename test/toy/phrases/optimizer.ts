/**
 * A kind of step that nobody needs, to show what one takes: it tries phrases at the end of instructions, those it is given
 * and those it asks an LM for.
 */
import * as z from 'zod';
import type { ProgramState } from '../../../src/data/program.ts';
import type { AskedModel, Question } from '../../../src/engine/ask.ts';
import { both, noDemos } from '../../../src/engine/estimate.ts';
import { evaluate } from '../../../src/engine/evaluation.ts';
import { defineOptimizer } from '../../../src/engine/defineOptimizer.ts';
import { priority } from '../../../src/engine/pool.ts';
import { stateHash } from '../../../src/engine/state.ts';

const settingsSchema = z.object({
  phrases: z.array(z.string()),
  rows: z.number(),
  /** Phrases that the LM is asked for. */
  invented: z.number(),
  endpoint: z.string().nullable(),
});
type Settings = z.infer<typeof settingsSchema>;

const maxTokens = 20;
const question = 'Name one short sentence that makes people answer better.';

export const phrases = defineOptimizer({
  kind: 'phrases',
  title: 'phrase search',
  changes: 'prompts',
  written: z
    .strictObject({
      phrases: z.array(z.string()).optional().describe('Phrases to try. Default: "Think hard.".'),
      rows: z.int().positive().optional().describe('Training rows to choose on. Default 10.'),
      invented: z.int().positive().optional().describe('Phrases to ask an LM for. Default 0.'),
      endpoint: z.string().optional().describe('Where to ask, by name. Default: where the program asks.'),
    })
    .describe('Tries phrases at the end of the instructions.'),
  settings: settingsSchema,
  resolve: ({ phrases: texts = ['Think hard.'], rows = 10, invented = 0, endpoint = null }) => ({
    ...{ phrases: texts, rows, invented, endpoint },
  }),
  asks: (settings) =>
    [atEndpoint(settings).of].flatMap((lm) => (lm === undefined ? [] : { ...lm, setting: 'endpoint' })),
  fit: (settings, { rows }) => ({ ...settings, rows: Math.min(settings.rows, rows) }),
  searchSize: (settings) => ({ candidates: candidatesOf(settings), validation: settings.rows }),
  run: async (settings, { runner, ask, journal, metricRange, predictors }, carry, scope) => {
    const validation = carry.train.slice(0, settings.rows);
    const { prefix } = scope;
    const asked = Array.from({ length: settings.invented }, () => ask(questionOf(settings)));
    const invented = (await Promise.all(asked)).map(({ text }) => text);
    const tried = ['', ...settings.phrases, ...invented].map(async (phrase, candidate) => {
      const state = phrase === '' ? carry.state : withPhrase(carry.state, predictors, phrase);
      journal.state(state);
      journal.append({ type: 'candidate.started', prefix, candidate, state: stateHash(state), about: { phrase } });
      const score = await evaluate(
        runner,
        { state, examples: validation, purpose: 'validate', candidate, priority: priority.validate, metricRange },
        scope,
      );
      const of = validation.length;
      journal.append({ type: 'candidate.finished', prefix, candidate, score, scored: of, of });
      return { state, candidate, score };
    });
    const [first, ...others] = await Promise.all(tried);
    const best = others.reduce((winner, one) => (one.score.score > winner.score.score ? one : winner), first!);
    return { state: best.state, candidate: best.candidate, validation };
  },
  plan: (settings, { prompts }) => ({
    runs: [{ runs: both(candidatesOf(settings) * settings.rows), demos: prompts.demos ?? noDemos }],
    calls: [{ ...tokens, calls: both(settings.invented), ...atEndpoint(settings) }],
    prompts: { ...prompts, instructions: true },
  }),
  tell: (about) => {
    const phrase = String(about['phrase'] ?? '');
    const name = phrase === '' ? 'as it was' : `"${phrase}"`;
    return { name, brief: name, facts: [{ label: 'Phrase', text: phrase }] };
  },
});

const tokens = { inputTokens: both(20), outputTokens: both(maxTokens) };

function candidatesOf({ phrases: given, invented }: Settings): number {
  return 1 + given.length + invented;
}

function atEndpoint({ endpoint }: Settings): { readonly of?: AskedModel } {
  return endpoint === null ? {} : { of: { model: 'writer', endpoint } };
}

function questionOf(settings: Settings): Question {
  const messages = [{ role: 'user' as const, content: question }];
  return { prompt: { kind: 'chat', messages }, sampling: { temperature: 1, maxTokens }, ...atEndpoint(settings) };
}

function withPhrase({ predictors }: ProgramState, names: readonly string[], phrase: string): ProgramState {
  const changed = names.map((name) => {
    const predictor = predictors[name]!;
    return [name, { ...predictor, instructions: `${predictor.instructions} ${phrase}` }] as const;
  });
  return { predictors: { ...predictors, ...Object.fromEntries(changed) } };
}
