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

it('says what the same run took before: a search that stops early takes less than its price', async () => {
  fake.picks.push('Start');
  await decidePrice(asking);
  const labels = fake.pickers[0]?.items.map(({ label }) => label);
  expect(labels).toContain('$(info) The same run before');
});

it('is titled after what it is the price of, and shows every step in a document that no one has to save', async () => {
  fake.picks.push('Every step', 'Start');
  await decidePrice(asking);
  expect(fake.pickers.map(({ title }) => title)).toEqual([asking.title, asking.title]);
  expect(fake.shown.map(({ uri }) => uri.scheme)).toEqual(['bettertogether-text']);
  expect(fake.shown[0]?.uri.query).toContain('fine-tuning');
});
