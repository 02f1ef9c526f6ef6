/** What the engine relies on from every journal, wherever it keeps what it is given. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentHash } from '../../src/base/contentHash.ts';
import type { JsonValue } from '../../src/base/json.ts';
import { Cancelled } from '../../src/engine/errors.ts';
import type { Journal, TraceRecord } from '../../src/engine/interfaces.ts';
import { stateHash } from '../../src/engine/state.ts';
import type { RunEvent } from '../../src/protocol.ts';
import { state, wholeRun } from '../unit/run/samples.ts';

/** A journal of a process of its own. */
export interface OpenJournal {
  readonly journal: Journal;
  /** What was appended, as whoever looks at the run is told it. */
  told(): readonly RunEvent[];
  close(): Promise<void>;
}

/** Where journals of several runs and processes keep what they share. */
export interface JournalWorkspace {
  open(): Promise<OpenJournal>;
  close(): Promise<void>;
}

const never = new AbortController().signal;
const keyOf = (name: string): string => contentHash(['contract', name]);

/** The events without what a log adds to them. */
const plain = (events: readonly object[]): readonly object[] =>
  events.map((event) =>
    Object.fromEntries(Object.entries(event).filter(([key]) => !['v', 'seq', 'time'].includes(key))),
  );

/** Values of all kinds that JSON knows, and sizes that are more than a line. */
const values: readonly (readonly [string, JsonValue])[] = [
  ['nothing', null],
  ['an empty text', ''],
  ['false', false],
  ['zero', 0],
  ['a number with many digits', 0.1234567890123456],
  ['an empty list', []],
  ['text of many scripts, with ends of lines', 'Zürich \u2028 日本 🎈\r\n"\\\u0000'],
  ['nested things, in their order', { z: [1, { a: null }], a: { phase: 'done', job: 'j-1' } }],
  ['a long text', 'x'.repeat(300_000)],
];

/** @param open a workspace in which nothing was done yet. */
export function journalContract(name: string, open: () => Promise<JournalWorkspace>): void {
  describe(`${name}, as a journal`, () => {
    let workspace: JournalWorkspace;
    let opened: OpenJournal[];
    const another = async () => {
      const journal = await workspace.open();
      opened.push(journal);
      return journal;
    };
    beforeEach(async () => {
      opened = [];
      workspace = await open();
    });
    afterEach(async () => {
      for (const journal of opened) await journal.close();
      await workspace.close();
    });

    it('tells events as they were, in the order in which they came', async () => {
      const { journal, told } = await another();
      for (const event of wholeRun) journal.append(event);
      expect(plain(told())).toEqual(wholeRun);
    });

    it('takes what is only looked at, and gives none of it back as an answer', async () => {
      const { journal, told } = await another();
      journal.trace(traceOf(1));
      journal.state(state);
      journal.state(state);
      await journal.rows('p -> w', '{"prompt":"Überweisung"}\n');
      expect(await journal.recall(stateHash(state))).toBeUndefined();
      expect(told()).toEqual([]);
    });

    it.each(values)('remembers %s, for itself, for others and for later', async (_, value) => {
      const first = await another();
      expect(await first.journal.recall(keyOf('v'))).toBeUndefined();
      await first.journal.remember(keyOf('v'), value);
      expect(await first.journal.recall(keyOf('v'))).toEqual(value);
      expect(await first.journal.recall(keyOf('w'))).toBeUndefined();
      expect(await (await another()).journal.recall(keyOf('v'))).toEqual(value);
      await first.close();
      opened.splice(opened.indexOf(first), 1);
      expect(await (await another()).journal.recall(keyOf('v'))).toEqual(value);
    });

    it('remembers the last of several values under one key', async () => {
      const { journal } = await another();
      const phases = ['intended', 'submitted', 'done', 'intended'];
      for (const phase of phases) await journal.remember(keyOf('job'), { phase });
      await Promise.all(phases.map((phase) => journal.remember(keyOf('job at once'), { phase })));
      const later = (await another()).journal;
      for (const reader of [journal, later]) {
        expect(await reader.recall(keyOf('job'))).toEqual({ phase: 'intended' });
        expect(await reader.recall(keyOf('job at once'))).toEqual({ phase: 'intended' });
      }
    });

    it('remembers all that many do at once', async () => {
      const writers = [(await another()).journal, (await another()).journal];
      const keys = Array.from({ length: 200 }, (_, index) => keyOf(`many ${index}`));
      await Promise.all(keys.map((key, index) => writers[index % 2]!.remember(key, { index })));
      const reader = (await another()).journal;
      expect(await Promise.all(keys.map((key) => reader.recall(key)))).toEqual(keys.map((_, index) => ({ index })));
    });

    it('lets one at a time at a key, who knows what those before remembered', async () => {
      const journals = [(await another()).journal, (await another()).journal];
      let inside = 0;
      const most: number[] = [];
      const add = (journal: Journal) =>
        journal.exclusively(
          keyOf('count'),
          async () => {
            most.push(++inside);
            const before = (await journal.recall(keyOf('count'))) as number | undefined;
            await sleep(2);
            await journal.remember(keyOf('count'), (before ?? 0) + 1);
            inside--;
          },
          never,
        );
      await Promise.all([...journals, ...journals].map(add));
      expect(most).toEqual([1, 1, 1, 1]);
      expect(await journals[0]!.exclusively(keyOf('count'), () => journals[0]!.recall(keyOf('count')), never)).toBe(4);
    });

    it('keeps nobody waiting at another key', async () => {
      const { journal } = await another();
      const both = await journal.exclusively(
        keyOf('one'),
        () => journal.exclusively(keyOf('other'), () => Promise.resolve('both'), never),
        never,
      );
      expect(both).toBe('both');
    });

    it('passes on how work at a key failed, and lets the next one at it', async () => {
      const { journal } = await another();
      const failed = new Error('the body failed');
      await expect(journal.exclusively(keyOf('job'), () => Promise.reject(failed), never)).rejects.toBe(failed);
      expect(await journal.exclusively(keyOf('job'), () => Promise.resolve('next'), never)).toBe('next');
    });

    it('waits no longer for its turn than it is asked to, and says why in the words of who asked', async () => {
      const [one, other] = [(await another()).journal, (await another()).journal];
      const reason = new Cancelled('Stopped by `bettertogether cancel`.');
      const stop = new AbortController();
      let begun = 0;
      const body = () => Promise.resolve(void begun++);
      await one.exclusively(
        keyOf('job'),
        async () => {
          const waiting = other.exclusively(keyOf('job'), body, stop.signal);
          setTimeout(() => {
            stop.abort(reason);
          });
          await expect(waiting).rejects.toBe(reason);
        },
        never,
      );
      await expect(other.exclusively(keyOf('job'), body, stop.signal)).rejects.toBe(reason);
      expect(begun).toBe(0);
      await other.exclusively(keyOf('job'), body, never);
      expect(begun).toBe(1);
    });
  });
}

/** A program run of a row. */
export function traceOf(example: number): TraceRecord {
  const outcome = { prediction: { answer: 'banking' }, score: 1, trace: [], seconds: 0.1 };
  return { step: 'p', candidate: 0, purpose: 'validate', example, round: 0, state: 'h', outcome };
}
