/** The bundles of translations: all that the editor and its pages say, and nothing that they no longer say. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

type Bundle = Readonly<Record<string, unknown>>;

const script = new URL('../../../scripts/l10n.mjs', import.meta.url).href;
const { faults, readJson, sourceStrings, translations } = (await import(script)) as {
  faults(english: Bundle, translated: Bundle): unknown;
  readJson(file: string): Bundle;
  sourceStrings(): Promise<Bundle>;
  translations(): readonly { readonly language: string; readonly file: string; readonly english: string }[];
};
const root = join(import.meta.dirname, '../../..');
const asks = /\bl10n\.t\(\s*'((?:[^'\\]|\\.)*)'/g;

describe('translations', () => {
  it('are made of an English bundle that is what the sources say (npm run l10n)', async () => {
    expect(readJson(join(root, 'l10n/bundle.l10n.json'))).toEqual(await sourceStrings());
  });

  /** Where the parser of the sources does not understand one, it passes over the strings in it. */
  it('are of every string that a source asks for', () => {
    const known = readJson(join(root, 'l10n/bundle.l10n.json'));
    const asked = ['src', 'webview'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .flatMap((name) => [...readFileSync(join(root, folder, name), 'utf8').matchAll(asks)])
        .map(([, text]) => text!.replaceAll("\\'", "'")),
    );
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((text) => !(text in known))).toEqual([]);
  });

  it('are there in German', () => {
    expect(translations().map(({ language }) => language)).toEqual(['de', 'de']);
  });

  it.each(translations())('are complete: $file', ({ file, english }) => {
    expect(faults(readJson(english), readJson(file))).toEqual({ missing: [], unknown: [], placeholders: [] });
  });

  it('tell what is missing, what is too much, and a placeholder that was lost', () => {
    const english = { 'a {0}': 'a {0}', b: 'b', 'c/why': { message: 'c', comment: ['why'] } };
    expect(faults(english, { 'a {0}': 'A', d: 'D', 'c/why': 'C' })).toEqual({
      missing: ['b'],
      unknown: ['d'],
      placeholders: ['a {0}'],
    });
  });
});
