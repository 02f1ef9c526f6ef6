/** A word for an end that is not known is that of a job that lives, and is waited for. */
import { expect, test } from 'vitest';
import { jobState } from '../../../src/finetune/base/stateWords.ts';

test.each([
  ['JOB_STATE_PARTIALLY_SUCCEEDED', 'succeeded'],
  ['Completed', 'succeeded'],
  ['early-stopped', 'succeeded'],
  ['INTERNAL_ERROR', 'failed'],
  ['Timed Out', 'failed'],
  ['timeout', 'failed'],
  ['rejected', 'failed'],
  ['TERMINATED', 'failed'],
  ['killed', 'failed'],
  ['Stopped', 'cancelled'],
  ['CANCELLATION_REQUESTED', 'running'],
  ['paused', 'running'],
  ['pendingDeployment', 'running'],
])('%s is %s', (word, state) => {
  expect(jobState(word)).toBe(state);
});
