import { expect, it } from 'vitest';
import { possibleActs, requirePossible } from '../../../src/page/acts.ts';
import type { ActingRun } from '../../../src/page/acts.ts';
import { foldEvents } from '../../../src/view/fold.ts';
import { logged, wholeRun } from '../run/samples.ts';

const view = foldEvents(logged(wholeRun));
const run: ActingRun = { id: 'r', status: 'stopped', madeHere: true, trusted: true, view };

it('offers what applies to the run as it is', () => {
  expect(possibleActs(run)).toEqual(['resume', 'prompts', 'compare', 'report', 'export']);
  expect(possibleActs({ ...run, status: 'crashed' })).toContain('resume');
  expect(possibleActs({ ...run, status: 'running' })).toEqual(['cancel', 'prompts', 'compare', 'report', 'export']);
  expect(possibleActs({ ...run, status: 'finished' })).toEqual(['prompts', 'compare', 'report', 'export']);
  expect(possibleActs({ ...run, view: { started: null, steps: [] } })).toEqual(['resume']);
});

it('goes on with nothing in a workspace that is not trusted, and says why', () => {
  const restricted = { ...run, trusted: false };
  expect(possibleActs(restricted)).not.toContain('resume');
  expect(() => requirePossible('resume', restricted)).toThrow('not trusted');
  expect(() => requirePossible('export', restricted)).not.toThrow();
});
