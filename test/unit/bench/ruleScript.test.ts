import { describe, expect, it } from 'vitest';
import { reflectionPrompt } from '../../../src/engine/optimizers/gepa/proposer/reflect.ts';
import { numbersIn, proposalTo } from '../../fakes/ruleScript.ts';

const feedback = 'It is red. Missing: rule 5.';

/** As DSPy 3.4.1's InstructionProposer asks. */
const byDspy = `[[ ## current_instruction ## ]]
{current_instruction}

[[ ## current_instruction ## ]]
Label the text.

[[ ## examples_with_feedback ## ]]
[{"Inputs": {"text": "something: #17/5"}, "Generated Outputs": {"label": "none"}, "Feedback": "${feedback}"}]`;

const inputs = { text: 'something: #17/5' };
const row = {
  example: { id: 0, inputs, fields: inputs },
  outcome: { prediction: { label: 'none' }, score: 0, trace: [], feedback },
};
const byUs = reflectionPrompt(
  {
    component: 'decide',
    instruction: 'Label the text.',
    source: null,
    rows: [row],
    metricRange: [0, 1],
    tokensAtMost: 1000,
  },
  4000,
);

describe('the scripted proposer', () => {
  it('gives whoever asks about the same rows the same instruction, each in the form it reads', () => {
    const [theirs, ours] = [proposalTo({ prompt: byDspy }), proposalTo({ prompt: byUs })];
    expect(theirs).toMatchObject({ as: 'json' });
    expect(ours).toEqual({ as: 'fenced', text: theirs!.text });
    expect(ours!.text).toMatch(/^Label the text\.\n(Rule 5|Advice): .+\.$/);
  });

  it('knows a call that asks for no instruction, and the rows that a call is about', () => {
    expect(proposalTo({ prompt: 'Label the text. #17/5' })).toBeNull();
    expect(numbersIn({ prompt: 'of #17/5 and #4/1, and #17/5 again' })).toEqual([4, 17]);
  });
});
