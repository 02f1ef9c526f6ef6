/** The states that candidates were are kept, of the losing ones too, and again when a search is recalled as a whole. */
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/base/json.ts';
import { Budget } from '../../../src/engine/budget.ts';
import { Optimization } from '../../../src/engine/optimize.ts';
import { UsageMeter } from '../../../src/engine/usage.ts';
import { examples, FakeJournal, FakeLm, FakeProgram, FakeSurroundings, FakeTrainer } from './fakes.ts';
import { settingsOf } from './settingsOf.ts';

const prices = { ofAnswer: () => 0, ofTraining: () => 0 };
const uncapped = { calls: null, tokens: null, usd: null };

async function search(memory = new Map<string, JsonValue>()): Promise<FakeJournal> {
  const journal = new FakeJournal(memory);
  const program = new FakeProgram();
  // Right with demos in sight, else on every other row.
  const lm = new FakeLm(({ call }) => {
    const lines = call.prompt.kind === 'chat' ? call.prompt.messages[0]!.content.split('\n') : [];
    const id = Number(lines.at(-1)!.slice(1));
    return lines.length > 2 || id % 2 === 0 ? `a${id}` : 'wrong';
  });
  const surroundings = new FakeSurroundings();
  const parts = {
    program,
    surroundings,
    lm,
    trainer: new FakeTrainer(),
    journal,
    prices,
    concurrency: 4,
    identity: 'identity',
  };
  const gate = new Budget(uncapped, { calls: 0, tokens: 0, usd: 0 });
  await new Optimization(
    { ...parts, gate, meter: new UsageMeter(prices) },
    settingsOf('p'),
    { train: examples(24), dev: examples(6, 'd'), test: null },
    await program.describe(),
    { signal: new AbortController().signal, onStage: () => undefined },
  ).run();
  return journal;
}

const named = (journal: FakeJournal) => journal.of('candidate.started').map(({ state }) => state);
const demosOf = (journal: FakeJournal) =>
  named(journal).map((hash) => journal.states.get(hash)?.predictors['b.predict']!.demos.length);

describe('the state of a candidate', () => {
  it('is kept before the log names it, whether it wins or not', async () => {
    const journal = await search();
    expect(named(journal)).toHaveLength(6);
    expect(journal.of('candidate.started').map(({ about }) => about['demos'])).toEqual(demosOf(journal));
    expect(new Set(named(journal)).size).toBeGreaterThan(3);
    expect(named(journal)).toContain(journal.of('step.finished')[0]!.state);
  });

  it('is kept again by a run that recalls the search, without a call', async () => {
    const memory = new Map<string, JsonValue>();
    const first = await search(memory);
    const again = await search(memory);
    expect(again.traces).toBeLessThan(first.traces);
    expect(again.states).toEqual(first.states);
    expect(named(again)).toEqual(named(first));
  });

  it('is kept by a search that is done anew, where the memory of it holds none', async () => {
    const memory = new Map<string, JsonValue>();
    const first = await search(memory);
    for (const [key, value] of memory) {
      if (value === null || typeof value !== 'object' || !('states' in value)) continue;
      const { states, ...rest } = value as Record<string, JsonValue>;
      expect(states).toHaveLength(6);
      memory.set(key, rest);
    }
    const again = await search(memory);
    expect(again.states).toEqual(first.states);
    expect(again.of('step.finished')[0]!.state).toEqual(first.of('step.finished')[0]!.state);
    // Scored row by row again, most of them remembered: which rows of a losing candidate are run depends on timing.
    const cached = again.of('example').filter((event) => event.cached).length;
    expect(cached).toBeGreaterThan(again.of('example').length / 2);
  });
});
