import { defineOptimizer } from '../../defineOptimizer.ts';
import { searchRows } from '../../searchRows.ts';
import { samePrompts } from '../../state.ts';
import { candidatePlans, tell } from './candidates.ts';
import { planSearch } from './plan.ts';
import { searchPrompts } from './promptSearch.ts';
import { resolve, settingsSchema, sized, writtenSchema } from './settings.ts';

/**
 * p: demos by BootstrapFewShotWithRandomSearch, on the weights as they are (paper, algorithm 1, lines 1 and 3, and
 * algorithm 2).
 */
export const fewShot = defineOptimizer({
  kind: 'p',
  spellings: ['π'],
  title: 'prompt search',
  changes: 'prompts',
  written: writtenSchema,
  settings: settingsSchema,
  resolve,
  teacher: ({ teacher }) => teacher,
  fit: (settings, { rows }, key) => sized(settings, rows, key),
  searchSize: (settings, { train }) => ({
    candidates: candidatePlans(settings).length,
    validation: searchRows(settings, train).validation.length,
  }),
  run: async (settings, context, carry, scope) => {
    const { start, predictors, threshold, metricRange, seed } = context;
    const { train: trainset, validation } = searchRows(settings, carry.train);
    const startCompiled = !samePrompts(carry.state, start, predictors);
    const search = { start: carry.state, startCompiled, predictors, trainset, validation, settings };
    const { state, candidate } = await searchPrompts(context, { ...search, threshold, metricRange, seed }, scope);
    // With folds no row was for choosing alone.
    return { state, candidate, validation: settings.folds === undefined ? validation : [] };
  },
  plan: planSearch,
  tell,
});
