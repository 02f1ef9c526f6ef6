/** The budgets in words against DSPy's, live. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import { autoBudget } from '../../../src/engine/optimizers/gepa/budgets.ts';
import { dspyPython } from '../../system/dspyPython.ts';

// DSPy has much to load.
vi.setConfig({ testTimeout: 120_000 });

const autos = ['light', 'medium', 'heavy'] as const;
const predictors = [1, 2, 3, 5, 8, 13];
const validation = [1, 7, 30, 100, 999];

const script = `
import json, dspy
from dspy.teleprompt.gepa.gepa import AUTO_RUN_SETTINGS, GEPA
gepa = GEPA(metric=lambda gold, pred, trace, name, part: 0, auto='light', reflection_lm=dspy.LM('openai/none'))
print(json.dumps([
    gepa.auto_budget(num_preds=preds, num_candidates=AUTO_RUN_SETTINGS[auto]['n'], valset_size=rows)
    for auto in ${JSON.stringify(autos)} for preds in ${JSON.stringify(predictors)} for rows in ${JSON.stringify(validation)}
]))`;

describe('the budgets in words', () => {
  it('are those of dspy.GEPA, for any number of predictors and validation rows', () => {
    const { stdout, stderr } = spawnSync(dspyPython(), ['-W', 'ignore', '-c', script], { encoding: 'utf8' });
    const theirs: unknown = JSON.parse(stdout === '' ? JSON.stringify(stderr) : stdout);
    const ours = autos.flatMap((auto) =>
      predictors.flatMap((count) => validation.map((rows) => autoBudget(auto, count, rows))),
    );
    expect(ours).toEqual(theirs);
  });
});
