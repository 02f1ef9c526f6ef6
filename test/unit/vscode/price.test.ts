import { beforeEach, expect, it } from 'vitest';
import { decidePrice } from '../../../src/vscode/optimize/decide.ts';
import type { Deciding } from '../../../src/vscode/optimize/decide.ts';
import type { Session } from '../../../src/vscode/session/session.ts';
import { sampleConfig } from '../../fakes/sampleConfig.ts';
import { fake, resetFake } from '../../fakes/fakeVscode.ts';
import { program, runItem } from '../editor/samples.ts';
import { runPlan } from '../run/samples.ts';

beforeEach(resetFake);

const asking: Deciding = {
  session: { runs: { all: [runItem('a')] } } as unknown as Session,
  program,
  chosen: { root: '/w', key: 'intents', config: sampleConfig },
  title: 'Compare strategies of intents',
  what: () => 'p, w; seeds 0',
  plan: runPlan(),
  price: () => Promise.resolve(null),
  changed: () => undefined,
};

it('says before it is paid what the rows can tell apart, in full when it is chosen', async () => {
  fake.picks.push('12 dev rows', 'Start');
  await decidePrice(asking);
  const sentence =
    'a score is known to about ±25 points, and where a row is right or wrong, a difference of less than 33 points between two states';
  expect(fake.pickers[0]?.items.find(({ label }) => label.endsWith('12 dev rows'))?.description).toContain(sentence);
  expect(fake.messages).toEqual([expect.stringContaining(`12 dev rows: ${sentence}`)]);
});

/** What the picker says beside a label of its own. */
function noteOf(label: string): string | undefined {
  return fake.pickers[0]?.items.find((item) => item.label === `$(info) ${label}`)?.description;
}

it('says what the same run took before, and what of it is free', async () => {
  fake.picks.push('Start');
  await decidePrice(asking);
  expect(noteOf('The same run before')).toMatch(
    /^2026-11-23 \d\d:\d\d, \d+ calls.*: what it asked is free where rows, code and settings are as they were$/,
  );
});

it('says in the words of the command line that a prompt search may take less than its price, and of no other step', async () => {
  const plan = runPlan();
  const search = { ...plan.plan.steps[0]!, prefix: 'p', work: 'step', kind: 'p', title: 'prompt search' } as const;
  fake.picks.push('Start');
  await decidePrice({ ...asking, plan: { ...plan, plan: { ...plan.plan, steps: [...plan.plan.steps, search] } } });
  expect(noteOf('The price')).toBe('Candidates that stop early make it less.');
  resetFake();
  fake.picks.push('Start');
  await decidePrice(asking);
  expect(noteOf('The price')).toBeUndefined();
});

it('is titled after what it is the price of, and shows every step in a document that no one has to save', async () => {
  fake.picks.push('Every step', 'Start');
  await decidePrice(asking);
  expect(fake.pickers.map(({ title }) => title)).toEqual([asking.title, asking.title]);
  expect(fake.shown.map(({ uri }) => uri.scheme)).toEqual(['bettertogether-text']);
  expect(fake.shown[0]?.uri.query).toContain('fine-tuning');
});
