import { describe, expect, it } from 'vitest';
import { instructionPrompt } from '../../../src/engine/optimizers/mipro/proposer/instruct.ts';
import { programPrompt } from '../../../src/engine/optimizers/mipro/proposer/describe.ts';
import { observationPrompt, summaryPrompt } from '../../../src/engine/optimizers/mipro/proposer/summary.ts';
import type { FakeCall } from '../../fakes/fakeEndpoint.ts';
import { groundedInstruction, groundedNotes } from '../../fakes/groundedProposer.ts';

const asking = (content: string): Pick<FakeCall, 'messages'> => ({ messages: [{ role: 'user', content }] });
const field = (name: string) => ({ name, type: 'string', description: '' });
const module = {
  name: 'decide',
  signature: { instructions: '', inputs: [field('text')], outputs: [field('label')] },
} as unknown as Parameters<typeof instructionPrompt>[0]['module'];

/** The last message, as DSPy's chat adapter writes it. */
function dspys(demos: string): string {
  return [
    `[[ ## task_demos ## ]]\n${demos}`,
    '[[ ## basic_instruction ## ]]\nLabel the text.',
    '[[ ## tip ## ]]\nKeep the instruction clear and concise.',
    'Respond with the corresponding output fields, starting with the field `[[ ## proposed_instruction ## ]]`, and then ending with the marker for `[[ ## completed ## ]]`.',
  ].join('\n\n');
}

function ours(texts: readonly string[], tip: 'simple' | 'persona' = 'simple'): string {
  const demos = texts.map((text) => ({ fields: { text, label: 'red' }, augmented: true }));
  return instructionPrompt(
    {
      ...{ module, demos, instruction: 'Label the text.', tip, tokensAtMost: 500 },
      ...{ summary: 'Rows.', source: 'code', program: null, description: null },
    },
    4000,
  );
}

describe('who writes instructions before a search', () => {
  it('gives DSPy and us the same one for the same rows, with their rules', () => {
    const byUs = groundedInstruction(asking(ours(['one #4/4', 'two #11/3'])));
    const byDspy = groundedInstruction(asking(dspys('Text: two #11/3\nLabel: black\n\nText: one #4/4\nLabel: red')));
    expect(byUs?.text).toBe(byDspy?.text);
    expect(byUs?.text).toMatch(/^Label the text\.\nRule 3: .*\nRule 4: .*\nAdvice: /);
    expect(groundedInstruction(asking(ours(['one #4/4', 'two #11/3'], 'persona')))?.text).not.toBe(byUs?.text);
    expect(groundedInstruction(asking(ours(['one #5/5'])))?.text).not.toBe(byUs?.text);
  });

  it('has something to say of rows and programs, and takes no other question for one of these', () => {
    const questions = [
      observationPrompt([], ['a note'], 500),
      summaryPrompt(['a note'], 500),
      programPrompt('code', 500),
    ];
    for (const question of questions) {
      expect(groundedNotes(asking(question))).toMatch(/^Short texts/);
      expect(groundedInstruction(asking(question))).toBeNull();
    }
    const task =
      '[[ ## text ## ]]\n#1/1\n\nRespond with the output fields, starting with the field `[[ ## label ## ]]`.';
    expect(groundedNotes(asking(task))).toBeNull();
    expect(groundedInstruction(asking(task))).toBeNull();
  });
});
