import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/base/json.ts';
import type { Reads } from '../../../src/data/reads.ts';
import { evaluate } from '../../../src/engine/evaluation.ts';
import { Pool, priority } from '../../../src/engine/pool.ts';
import { searchPrompts } from '../../../src/engine/optimizers/fewShot/promptSearch.ts';
import { ReadingTally, RunMemory } from '../../../src/engine/runMemory.ts';
import { Runner } from '../../../src/engine/runner.ts';
import { FailureTally } from '../../../src/engine/scope.ts';
import { initialState } from '../../../src/engine/state.ts';
import { UsageMeter } from '../../../src/engine/usage.ts';
import { examples, FakeJournal, FakeLm, FakeProgram, FakeSurroundings, twoPredictors } from './fakes.ts';
import type { FakeProgramOptions } from './fakes.ts';
import { promptSettings } from './settingsOf.ts';

const prices = { ofAnswer: () => 0, ofTraining: () => 0 };
const start = initialState(twoPredictors, 'base');
const rows = examples(5);

const file = (path: string): Reads => ({
  before: null,
  here: [{ kind: 'file', path, found: { size: 1, mtime: 1 } }],
});

/** What is kept from one process to the next, and the files that are there. */
class Machine {
  readonly memory = new Map<string, JsonValue>();
  readonly answers = new Map<string, string>();
  readonly files = new Map([['gold.txt', 'A']]);
  readonly #sets = new Map<string, readonly string[]>();

  process(options: FakeProgramOptions, { forgets = false } = {}) {
    const journal = new FakeJournal(this.memory);
    const program = new FakeProgram(options);
    const lm = new FakeLm(() => 'a0', this.answers);
    const meter = new UsageMeter(prices);
    const memory = new RunMemory(journal, forgets ? null : new FakeSurroundings(this.files, this.#sets));
    const runner = new Runner({
      ...{ program, lm, journal, memory, meter },
      pool: new Pool(2),
      baseModel: 'base',
      identity: 'identity',
      metricRange: [0, 1],
      abort: () => undefined,
    });
    const { signal } = new AbortController();
    const scope = { prefix: '', meter, failures: new FailureTally([0, 1]), readings: new ReadingTally(), signal };
    return { journal, program, lm, memory, meter, runner, scope };
  }

  /** The score, how often the program was run for it, and what was paid. */
  async evaluate(options: FakeProgramOptions, how: { readonly forgets?: boolean } = {}) {
    const { program, lm, runner, scope } = this.process(options, how);
    const request = {
      state: start,
      examples: rows,
      purpose: 'dev' as const,
      candidate: null,
      priority: priority.score,
    };
    const { score } = await evaluate(runner, { ...request, metricRange: [0, 1] }, scope);
    return { score, ran: program.runs, paid: lm.paid.length };
  }

  /** A program whose metric wants what stands in `gold.txt`. */
  readonly reader: FakeProgramOptions = {
    score: () => (this.files.get('gold.txt') === 'A' ? 1 : 0),
    reads: () => file('gold.txt'),
  };
}

describe('outcomes', () => {
  it('are recalled while what was read is as it was, and found again when it is put back', async () => {
    const machine = new Machine();
    expect(await machine.evaluate(machine.reader)).toEqual({ score: 100, ran: 5, paid: 10 });
    expect(await machine.evaluate(machine.reader)).toEqual({ score: 100, ran: 0, paid: 0 });
    machine.files.set('gold.txt', 'B');
    expect(await machine.evaluate(machine.reader)).toEqual({ score: 0, ran: 5, paid: 0 });
    expect(await machine.evaluate(machine.reader)).toEqual({ score: 0, ran: 0, paid: 0 });
    machine.files.set('gold.txt', 'A');
    expect(await machine.evaluate(machine.reader)).toEqual({ score: 100, ran: 0, paid: 0 });
  });

  it('of each row depend on what its own run had read', async () => {
    const machine = new Machine();
    const reads: FakeProgramOptions = { reads: ({ example }) => file(`row${example.id}.txt`) };
    expect(await machine.evaluate(reads)).toMatchObject({ ran: 5 });
    machine.files.set('row3.txt', 'new');
    expect(await machine.evaluate(reads)).toMatchObject({ ran: 1, paid: 0 });
  });

  it('are found by any set of things that runs before had read', async () => {
    const machine = new Machine();
    await machine.evaluate({ reads: () => file('gold.txt') });
    machine.files.set('gold.txt', 'B');
    // Now it reads something else.
    await machine.evaluate({ reads: () => file('other.txt') });
    expect(await machine.evaluate({})).toMatchObject({ ran: 0 });
    machine.files.set('other.txt', 'new');
    machine.files.set('gold.txt', 'A');
    expect(await machine.evaluate({})).toMatchObject({ ran: 0 });
    machine.files.set('gold.txt', 'C');
    expect(await machine.evaluate({})).toMatchObject({ ran: 5, paid: 0 });
  });

  it('that failed with what one run had read are no obstacle to those of another', async () => {
    const machine = new Machine();
    await machine.evaluate({ reads: () => file('gold.txt') });
    machine.files.set('gold.txt', 'B');
    const error = { kind: 'program' as const, message: 'The retriever is down.' };
    await machine.evaluate({
      reads: () => file('other.txt'),
      fail: ({ example }) => (example.id < 4 ? error : undefined),
    });
    machine.files.set('gold.txt', 'A');
    expect(await machine.evaluate({})).toMatchObject({ ran: 0 });
  });

  it('are not remembered where it cannot be told what was read, or nobody wants it', async () => {
    const machine = new Machine();
    const unclear: FakeProgramOptions = { reads: () => null };
    for (const paid of [10, 0, 0]) expect(await machine.evaluate(unclear)).toMatchObject({ ran: 5, paid });
    expect(await machine.evaluate({})).toMatchObject({ ran: 5 });
    expect(await machine.evaluate({}, { forgets: true })).toMatchObject({ ran: 5, paid: 0 });
    expect(await machine.evaluate({})).toMatchObject({ ran: 0 });
  });

  it('are told at once, and remembered when it is known what they had read; meanwhile nobody runs them again', async () => {
    const machine = new Machine();
    let tell!: (reads: Reads) => void;
    const over = new Promise<Reads>((resolve) => (tell = resolve));
    const { program, runner, scope } = machine.process({ reads: () => over });
    const task = {
      ...{ state: start, example: rows[0]!, round: 0, roundTemperature: 1 },
      ...{ purpose: 'dev' as const, candidate: null, priority: priority.score },
    };
    const outcome = await runner.run(task, scope);
    expect(await runner.run(task, scope)).toEqual(outcome);
    expect([program.runs, machine.memory.size]).toEqual([1, 0]);
    tell(file('gold.txt'));
    await runner.idle();
    expect(await scope.readings.all()).toHaveLength(1);
    expect(machine.memory.size).toBe(2);
    const later = machine.process({});
    expect(await later.runner.run(task, later.scope)).toEqual(outcome);
    expect(later.program.runs).toBe(0);
  });

  it('and what they had read are put together, and waited for once', async () => {
    const begun: JsonValue[] = [];
    const remember = (_key: string, value: JsonValue) => {
      begun.push(value);
      return new Promise<void>(() => undefined);
    };
    const memory = new RunMemory(
      { recall: () => Promise.resolve(undefined), remember },
      new FakeSurroundings(new Map()),
    );
    void memory.remember('key', { score: 1 }, [{ set: 'set', fingerprint: 'A' }]);
    await new Promise(setImmediate);
    expect(begun).toEqual([{ score: 1 }, { reads: [['set']] }]);
  });

  it('are made again where a crash kept them from the disk, and not what they had read', async () => {
    const machine = new Machine();
    await machine.evaluate(machine.reader);
    for (const [key, value] of machine.memory) if ('outcome' in (value as object)) machine.memory.delete(key);
    expect(await machine.evaluate(machine.reader)).toEqual({ score: 100, ran: 5, paid: 0 });
    expect(await machine.evaluate(machine.reader)).toMatchObject({ ran: 0 });
  });

  it('that were remembered without what they read are made again, once, and pay nothing', async () => {
    const machine = new Machine();
    await machine.evaluate({});
    const manifests = [...machine.memory].filter(([, value]) => 'reads' in (value as object));
    expect(manifests).toHaveLength(5);
    const outcome = { prediction: { answer: 'old' }, score: 1, trace: [], seconds: 0 };
    for (const [key] of manifests) machine.memory.set(key, { outcome, settled: true });
    expect(await machine.evaluate({})).toMatchObject({ score: 20, ran: 5, paid: 0 });
    expect(await machine.evaluate({})).toMatchObject({ score: 20, ran: 0, paid: 0 });
  });
});

describe('a finished prompt search', () => {
  async function search(machine: Machine, options: FakeProgramOptions = machine.reader) {
    const { program, lm, runner, journal, memory, meter, scope } = machine.process(options);
    const asked = {
      start,
      startCompiled: false,
      predictors: Object.keys(start.predictors),
      trainset: examples(6),
      validation: examples(4, 'v'),
      settings: promptSettings,
      threshold: 1,
      metricRange: [0, 1] as const,
      seed: 0,
    };
    const parts = { runner, journal, memory, meter, identity: 'identity', endpoints: new Map<string, string>() };
    const { score } = await searchPrompts(parts, asked, scope);
    return { score: score.score, ran: program.runs, paid: lm.paid.length };
  }

  it('is recalled as a whole with what its runs read, not without', async () => {
    const machine = new Machine();
    const first = await search(machine);
    expect(first.score).toBe(100);
    expect(await search(machine)).toEqual({ score: 100, ran: 0, paid: 0 });
    machine.files.set('gold.txt', 'B');
    const changed = await search(machine);
    expect(changed.score).toBe(0);
    expect(changed.ran).toBeGreaterThan(0);
    machine.files.set('gold.txt', 'A');
    expect(await search(machine)).toEqual({ score: 100, ran: 0, paid: 0 });
  });

  it('is not remembered when a file changed in the middle of it', async () => {
    const machine = new Machine();
    let runs = 0;
    const changing: FakeProgramOptions = {
      score: () => 1,
      reads: () => {
        if (++runs === 4) machine.files.set('gold.txt', 'B');
        return file('gold.txt');
      },
    };
    await search(machine, changing);
    expect([...machine.memory.values()].filter((value) => 'candidate' in (value as object))).toEqual([]);
  });
});

describe('what a piece of work depends on', () => {
  it('is each set once, and cannot be told when one was not always the same', async () => {
    const tally = new ReadingTally();
    tally.add({ set: 'a', fingerprint: '1' });
    tally.add(Promise.resolve({ set: 'b', fingerprint: '1' }));
    tally.add({ set: 'a', fingerprint: '1' });
    expect(await tally.all()).toEqual([
      { set: 'a', fingerprint: '1' },
      { set: 'b', fingerprint: '1' },
    ]);
    tally.add({ set: 'a', fingerprint: '2' });
    expect(await tally.all()).toBeNull();
  });
});
