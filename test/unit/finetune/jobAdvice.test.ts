/** Which setting the words of a training service are about. */
import { expect, test } from 'vitest';
import { jobAdvice } from '../../../src/finetune/base/jobAdvice.ts';

test.each([
  [
    'Training file has 6 example(s), but must have at least 10 examples',
    /more rows.*endpoints\.lab\.fineTune\.minRows/,
  ],
  ['seed: Extra inputs are not permitted', /endpoints\.lab\.fineTune\.extra: \{"seed": null\}/],
  ['Unrecognized request argument supplied: metadata', /extra: \{"metadata": null\}/],
  ['Invalid suffix: must be at most 18 characters', /extra: \{"suffix": null\}/],
  ['Model base is not available for fine-tuning', /endpoints\.lab\.fineTune\.model/],
  ['base is not available for fine-tuning or does not exist.', /endpoints\.lab\.fineTune\.model/],
  ['n_epochs is above its most', /"epochs" of the weight step/],
  ['the suffix of the file name must be .jsonl', /^$/],
  ["messages[1] has an unknown key 'metadata'", /^$/],
  ["line 3: unexpected field 'seed'", /^$/],
  ['Batch size 64 needs at least 64 examples per batch', /"batchSize" of the weight step/],
  ['A batch needs at least 64 examples', /^$/],
  ['no', /^$/],
])('%s', (said, advice) => {
  expect(jobAdvice(said, 'endpoints.lab.fineTune')).toMatch(advice);
});
