/** The page's picture of steps whose kind this build has, has not, or has from a log of before. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { RunDetails } from '../../../src/page/runDetails.ts';
import { snapshotOf } from '../../../src/page/snapshot.ts';
import { readEvents } from '../../../src/run/record/eventLog.ts';
import { foldEvents } from '../../../src/view/fold.ts';
import { snapshotSchema } from '../../../src/viewProtocol/snapshot.ts';
import { temporaryFolder } from '../run/folder.ts';
import { sampleManifest } from '../../fakes/sampleManifest.ts';

vi.mock('../../../src/engine/optimizers/all.ts', () => import('../../toy/all.ts'));

const begun = {
  ...{ type: 'run.started', run: 'r', program: 'rivers', seed: 0, endpoint: 'lab', model: 'm', resumed: false },
  ...{ splits: { train: 30, dev: 10, test: null }, predictors: ['answer'] },
};

async function stepOf(events: readonly object[], prefix: string) {
  const stamp = (seq: number) => ({ v: 1, seq, time: new Date(Date.UTC(2026, 0, 1, 0, 0, seq)).toISOString() });
  const file = join(temporaryFolder(), 'events.jsonl');
  writeFileSync(file, events.map((event, seq) => `${JSON.stringify({ ...stamp(seq), ...event })}\n`).join(''));
  const { events: logged } = await readEvents(file);
  const details = new RunDetails();
  logged.forEach((event) => {
    details.add(event);
  });
  const status = { status: 'running' as const, complete: true, version: 1, label: {}, acts: [], problem: null };
  const view = foldEvents(logged);
  const snapshot = snapshotOf({ run: 'r', manifest: sampleManifest('/ws', 'r'), view, details, ...status });
  return snapshotSchema.parse(snapshot).steps.find((step) => step.prefix === prefix)!;
}

async function searched(info: object | null, about: object, name: string) {
  const steps = info === null ? {} : { steps: [{ name, ...info }] };
  return stepOf(
    [
      { ...begun, strategy: name, ...steps },
      { type: 'step.started', prefix: name, kind: name, index: 0, examples: 30 },
      { type: 'candidate.started', prefix: name, candidate: 0, state: 's', ...about },
    ],
    name,
  );
}

describe('a step on the page', () => {
  it('of a kind that was added is there with its title, its candidates in its own words', async () => {
    const info = { kind: 'phrases', title: 'phrase search', changes: 'prompts' };
    const step = await searched(info, { about: { phrase: 'Think twice.' } }, 'think');
    expect(step.step).toEqual({ name: 'think', ...info });
    expect(step.candidates).toMatchObject([
      { name: '"Think twice."', facts: [{ label: 'Phrase', text: 'Think twice.' }], state: 's' },
    ]);
  });

  it('of a kind that this build does not have shows what the log says', async () => {
    const info = { kind: 'of-tomorrow', title: 'evolution', changes: 'prompts' };
    const step = await searched(info, { about: { parent: 3, note: 'merged' } }, 'evolve');
    expect(step.step?.title).toBe('evolution');
    expect(step.candidates).toMatchObject([
      {
        name: '',
        brief: 'parent 3, note merged',
        facts: [
          { label: 'parent', text: '3' },
          { label: 'note', text: 'merged' },
        ],
      },
    ]);
  });

  it('of a log of before, which names no kinds, is a prompt search or fine-tuning', async () => {
    const counts = { source: 'bootstrap', seed: 1, demos: 2, attempts: 5, correct: 3, speculative: 1 };
    const search = await searched(null, counts, 'p');
    expect(search.step).toEqual({ name: 'p', kind: 'p', title: 'prompt search', changes: 'prompts' });
    expect(search.candidates).toMatchObject([
      {
        name: 'seed 1',
        brief: '2 demos',
        facts: [
          { label: 'Demos', text: '2, bootstrapped' },
          { label: 'Bootstrap', text: '3 of 5 runs correct (1 more, made ahead and not needed)' },
        ],
      },
    ]);
    const plain = { ...counts, source: 'zeroShot', seed: -3, demos: 0 };
    expect((await searched(null, plain, 'p')).candidates).toMatchObject([{ name: 'no demos' }]);
    const weights = { source: 'checkpoint', seed: 40, demos: 0, attempts: 0, correct: 0, speculative: 0 };
    expect((await searched(null, weights, 'w')).candidates).toMatchObject([{ name: 'weights after step 40' }]);
  });
});
