/** The bundles of translations: all that the editor and its pages say, and nothing that they no longer say. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

type Bundle = Readonly<Record<string, unknown>>;

const script = new URL('../../../scripts/l10n.mjs', import.meta.url).href;
const { faults, readJson, sourceStrings, stringsIn, translations } = (await import(script)) as {
  faults(english: Bundle, translated: Bundle): unknown;
  readJson(file: string): Bundle;
  sourceStrings(): Bundle;
  stringsIn(contents: string, file: string): readonly (readonly [string, unknown])[];
  translations(): readonly { readonly language: string; readonly file: string; readonly english: string }[];
};
const root = join(import.meta.dirname, '../../..');

describe('translations', () => {
  it('are made of an English bundle that is what the sources say (npm run l10n)', () => {
    expect(readJson(join(root, 'l10n/bundle.l10n.json'))).toEqual(sourceStrings());
  });

  it('are of strings, templates and messages with a comment, also of those inside of others', () => {
    const source = [
      "l10n.t('One {0}', of);",
      'l10n.t`Two ${a} and ${l10n.t("Three")}`;',
      "l10n.t({ message: '{0} of {1}', comment: ['rows'], args: [1, 2] });",
    ];
    expect(stringsIn(source.join('\n'), 'a.ts')).toEqual([
      ['One {0}', 'One {0}'],
      ['Two {0} and {1}', 'Two {0} and {1}'],
      ['Three', 'Three'],
      ['{0} of {1}/rows', { message: '{0} of {1}', comment: ['rows'] }],
    ]);
  });

  it('are of no text that is computed: that is an error which names its line', () => {
    expect(() => stringsIn('\nl10n.t(text);', 'a.ts')).toThrow(/^a\.ts:2 /);
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
