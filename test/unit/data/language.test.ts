import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { endingsText, languageNames, languageOf, languages } from '../../../src/data/language.ts';

it('the language of a file is that of its ending, whatever else its name holds', () => {
  expect(['/w/a.py', '/w/py.ts', '/w/a.py.mjs', '/w/a.tsx'].map(languageOf)).toEqual([
    'python',
    'typescript',
    'typescript',
    'typescript',
  ]);
  expect(['/w/a.rb', '/w/py', '/w/a.py/b', '/w/a.PY', ''].map(languageOf)).toEqual([null, null, null, null, null]);
});

it('no two languages have an ending in common, or a name in VS Code', () => {
  for (const key of ['endings', 'editorIds'] as const) {
    const all = languageNames.flatMap((name) => languages[name][key]);
    expect(new Set(all).size).toBe(all.length);
  }
});

it('endings are told as a sentence tells them', () => {
  expect(endingsText('python')).toBe('.py or .ipynb');
  expect(endingsText()).toMatch(/^\.ts, .*, \.cjs, \.py or \.ipynb$/);
});

it('the extension is activated by the files of each language', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    readonly activationEvents: readonly string[];
  };
  const activates = manifest.activationEvents.filter((event) => event.startsWith('onLanguage:'));
  const named = languageNames.flatMap((name) => languages[name].editorIds.map((id) => `onLanguage:${id}`));
  expect([...activates].sort()).toEqual(named.sort());
});
