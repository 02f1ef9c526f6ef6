import { expect, it } from 'vitest';
import { allReads, mostOwnNames, readSchema } from '../../../src/data/reads.ts';
import type { Read } from '../../../src/data/reads.ts';
import { mostReads } from '../../../src/host/protocol.ts';
import { ReadLog } from '../../../src/host/readLog.ts';

const file = (path: string, size = 1): Read => ({ kind: 'file', path, found: { size, mtime: 1 } });
const soFar = (log: ReadLog) => allReads(log.soFar().reads ?? null);

it('gathers what a process reads; what was told of an earlier run stays as it is', () => {
  const log = new ReadLog();
  expect(log.soFar()).toEqual({});
  log.add({ reads: [file('a')], written: [] });
  const first = log.soFar().reads!;
  log.add({ reads: [file('b')], written: [] });
  log.add({ reads: [], written: [] });
  expect(log.soFar().reads).toEqual({ before: first, here: [file('b')] });
  expect(log.soFar().reads!.before).toBe(first);
  expect(allReads(first)).toEqual([file('a')]);
});

it('forgets what the program writes itself, and takes what is told again in the place of the earlier', () => {
  const log = new ReadLog();
  log.add({ reads: [file('a'), file('b'), { kind: 'place', path: 'a', found: 'file' }], written: [] });
  log.add({ reads: [{ kind: 'variable', name: 'a' }], written: ['a', 'never read'] });
  expect(soFar(log)).toEqual([file('b'), { kind: 'variable', name: 'a' }]);
  log.add({ reads: [file('b', 2)], written: [] });
  expect(soFar(log)).toEqual([file('b', 2), { kind: 'variable', name: 'a' }]);
});

it('a file that a run looks for and then makes leaves what is known as it is', () => {
  const log = new ReadLog();
  log.add({ reads: [file('a')], written: [] });
  const before = log.soFar().reads;
  log.add({ reads: [{ kind: 'place', path: 'cache', found: 'nothing' }], written: ['cache'] });
  expect(log.soFar().reads).toBe(before);
});

it('leaves out of what a run had read by its end what the program made afterwards', () => {
  const log = new ReadLog();
  const absent = (path: string): Read => ({ kind: 'place', path, found: 'nothing' });
  const kept = (without: string[]): Read => ({ kind: 'folder', path: 'kept', without, entries: 'none' });
  log.add({ reads: [file('a')], written: [] });
  expect(log.absences).toBe(0);
  log.add({ reads: [absent('kept/1'), absent('kept/2'), kept([])], written: [] });
  expect(log.absences).toBe(3);
  const atEnd = log.soFar().reads!;
  expect(log.withoutWritten(atEnd)).toBe(atEnd);
  log.add({ reads: [file('b'), kept(['1'])], written: ['kept/1'] });
  expect(log.withoutWritten(atEnd)).toEqual({ before: null, here: [file('a'), absent('kept/2'), kept(['1'])] });
});

it('says once that it cannot tell any more', () => {
  const log = new ReadLog();
  log.add({ reads: [file('a')], written: [] });
  expect(log.add({ reads: [], written: [], unclear: 'a changed.' })).toBe('a changed.');
  expect(log.add({ reads: [], written: [], unclear: 'b changed.' })).toBeNull();
  expect(log.soFar()).toEqual({ reads: null });
});

it('says that it cannot tell any more, and why, where a host sends what cannot be taken in', () => {
  const many = Array.from({ length: mostReads + 1 }, (_, i) => `${i}`);
  const messages = [
    { reads: many.map((path) => file(path)), written: [] },
    { reads: [], written: many },
    { reads: [{ kind: 'spell' }], written: [] },
    null,
  ];
  for (const message of messages) {
    const log = new ReadLog();
    expect(log.receive({ reads: [file('a')], written: [] })).toBeNull();
    expect(log.receive(message)).toContain('What the program reads cannot be taken in');
    expect(log.receive(message)).toBeNull();
    expect(log.soFar()).toEqual({ reads: null });
  }
});

it('takes no folder into which the program writes more than can be told', () => {
  const folder = { kind: 'folder', path: 'out', entries: null };
  const without = Array.from({ length: mostOwnNames }, String);
  expect(readSchema.safeParse({ ...folder, without }).success).toBe(true);
  expect(readSchema.safeParse({ ...folder, without: [...without, 'one more'] }).success).toBe(false);
});

it('holds no more than the protocol allows', () => {
  const log = new ReadLog();
  const many = Array.from({ length: mostReads }, (_, i) => file(String(i)));
  expect(log.add({ reads: many, written: [] })).toBeNull();
  expect(log.add({ reads: [file('one more')], written: [] })).toContain(`more than ${mostReads}`);
  expect(log.soFar()).toEqual({ reads: null });
});
