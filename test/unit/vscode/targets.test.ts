import { beforeEach, describe, expect, it } from 'vitest';
import type { ProgramItem } from '../../../src/editor/items/programItem.ts';
import { programTarget } from '../../../src/vscode/session/targets.ts';
import type { Session } from '../../../src/vscode/session/session.ts';
import { fake, resetFake, Uri } from '../../fakes/fakeVscode.ts';
import { program } from '../editor/samples.ts';

const first = program;
const second = { ...program, name: 'Answers', line: 30, keys: ['answers'] };
const elsewhere = { ...program, file: '/w/other.ts', name: 'Other', line: 1, keys: ['other'] };
const library = { ...program, file: '/w/library.ts', name: 'Part', runnable: false, keys: [] };
const all = [first, second, elsewhere, library];

const session = {
  programs: { all, inFile: (file: string): readonly ProgramItem[] => all.filter((each) => each.file === file) },
} as unknown as Session;
const target = (path: string) => programTarget(session, Uri.file(path), 'Optimize Program');
const cursorIn = (path: string, line: number): void => {
  fake.inFront = { document: { uri: Uri.file(path) }, selection: { active: { line: line - 1 } } };
};

beforeEach(resetFake);

describe('the program of a file that a menu was opened on', () => {
  it('is asked for only where there are several', async () => {
    expect(await target('/w/other.ts')).toBe(elsewhere);
    expect(fake.pickers).toHaveLength(0);
    fake.picks.push('answers');
    expect(await target('/w/program.ts')).toBe(second);
    expect(fake.pickers[0]?.items.map(({ label }) => label)).toEqual(['intents', 'answers']);
  });

  it('is proposed by the cursor: the last one that begins above', async () => {
    for (const [line, expected] of [
      [31, 'answers'],
      [29, 'intents'],
      [2, 'intents'],
    ] as const) {
      cursorIn('/w/program.ts', line);
      fake.picks.push(expected);
      await target('/w/program.ts');
      expect(fake.pickers.at(-1)?.items[0]?.label).toBe(expected);
    }
  });

  it('is that of the file in front, where a key asks', async () => {
    cursorIn('/w/other.ts', 1);
    expect(await programTarget(session, { inFront: true }, 'Optimize Program')).toBe(elsewhere);
  });

  it('does not take the cursor of another file', async () => {
    cursorIn('/w/other.ts', 40);
    fake.picks.push('intents');
    await target('/w/program.ts');
    expect(fake.pickers[0]?.items[0]?.label).toBe('intents');
  });

  it('is an error where no program of it can run', async () => {
    await expect(target('/w/library.ts')).rejects.toThrow(/library\.ts has no LM program/);
  });
});
