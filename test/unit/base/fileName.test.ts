import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileNameOf } from '../../../src/base/fileName.ts';
import { hostileTexts, randomHostile } from '../../fakes/hostile.ts';

const devices = ['CON', 'con', 'nul.json', 'COM1', 'lpt9.txt', 'aux', 'CONIN$'];

describe('fileNameOf', () => {
  it('is a part of a path on every system, whatever the text', () => {
    const long = [
      'x'.repeat(5000),
      `${'.'.repeat(300)}a`,
      '..',
      '.',
      '.hidden',
      '-rf',
      'a/../../b',
      'C:\\x',
      'a:b',
      'x. ',
    ];
    for (const text of [...devices, ...long, ...hostileTexts, ...randomHostile(500, 7)]) {
      const name = fileNameOf(text, 'file');
      expect(name, JSON.stringify(text)).toMatch(/^[\w@][\w.@-]*$/);
      expect(name.length).toBeLessThanOrEqual(81);
      expect(name).not.toMatch(/\.\.|[-.]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
    }
  });

  it('keeps names that are plain, and says what is not', () => {
    expect(['p-w', 'best.final', 'llama-3.1-8b', 'a_b@2'].map((name) => fileNameOf(name, 'file'))).toEqual([
      'p-w',
      'best.final',
      'llama-3.1-8b',
      'a_b@2',
    ]);
    expect(['program.ts#QA', 'con', '../..', ''].map((name) => fileNameOf(name, 'file'))).toEqual([
      'program.ts-QA',
      '_con',
      'file',
      'file',
    ]);
  });

  it('makes files in the folder alone', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bettertogether-names-'));
    try {
      const names = new Set([...devices, ...hostileTexts].map((text) => `${fileNameOf(text, 'file')}.json`));
      for (const name of names) writeFileSync(join(folder, name), '');
      expect(new Set(readdirSync(folder))).toEqual(names);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
