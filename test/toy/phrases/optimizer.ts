/** A kind of step that nobody needs, to show what one takes: it tries phrases at the end of instructions. */
import * as z from 'zod';
import type { ProgramState } from '../../../src/data/program.ts';
import { both, noDemos } from '../../../src/engine/estimate.ts';
import { evaluate } from '../../../src/engine/evaluation.ts';
import { defineOptimizer } from '../../../src/engine/defineOptimizer.ts';
import { priority } from '../../../src/engine/pool.ts';
import { stateHash } from '../../../src/engine/state.ts';

const settingsSchema = z.object({ phrases: z.array(z.string()), rows: z.number() });

export const phrases = defineOptimizer({
  kind: 'phrases',
  title: 'phrase search',
  changes: 'prompts',
  written: z
    .strictObject({
      phrases: z.array(z.string()).optional().describe('Phrases to try. Default: "Think hard.".'),
      rows: z.int().positive().optional().describe('Training rows to choose on. Default 10.'),
    })
    .describe('Tries phrases at the end of the instructions.'),
  settings: settingsSchema,
  resolve: ({ phrases: texts = ['Think hard.'], rows = 10 }) => ({ phrases: texts, rows }),
  fit: (settings, { rows }) => ({ ...settings, rows: Math.min(settings.rows, rows) }),
  searchSize: (settings) => ({ candidates: 1 + settings.phrases.length, validation: settings.rows }),
  run: async (settings, { runner, journal, metricRange, predictors }, carry, scope) => {
    const validation = carry.train.slice(0, settings.rows);
    const { prefix } = scope;
    const tried = ['', ...settings.phrases].map(async (phrase, candidate) => {
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
    runs: [{ runs: both((1 + settings.phrases.length) * settings.rows), demos: prompts.demos ?? noDemos }],
    prompts: { ...prompts, instructions: true },
  }),
  tell: (about) => {
    const phrase = String(about['phrase'] ?? '');
    const name = phrase === '' ? 'as it was' : `"${phrase}"`;
    return { name, brief: name, facts: [{ label: 'Phrase', text: phrase }] };
  },
});

function withPhrase({ predictors }: ProgramState, names: readonly string[], phrase: string): ProgramState {
  const changed = names.map((name) => {
    const predictor = predictors[name]!;
    return [name, { ...predictor, instructions: `${predictor.instructions} ${phrase}` }] as const;
  });
  return { predictors: { ...predictors, ...Object.fromEntries(changed) } };
}
