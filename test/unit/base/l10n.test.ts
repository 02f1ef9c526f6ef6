import * as packaged from '@vscode/l10n';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as l10n from '../../../src/base/l10n.ts';

let english = false;
beforeEach(() => {
  english = false;
  l10n.speakEnglishWhere(() => english);
  l10n.config({ contents: { 'Stop {0}?': '{0} stoppen?', 'Stop {name}?': '{name} stoppen?', row: 'Zeile' } });
});
afterEach(() => {
  l10n.speakEnglishWhere(() => false);
  l10n.config({ contents: {} });
});

/** Every way to give a text and its values, with values that look like placeholders. */
const given = (t: typeof l10n.t): readonly string[] => [
  t('row'),
  t('Stop {0}?', 'it {0}'),
  t('Stop {0}?', 0),
  t('Stop {name}?', { name: 'it' }),
  t`Stop ${'$& {0}'}?`,
  t`Stop ${1} and ${false}`,
  t`Stop`,
  t('Stop {0} of {1}', 'a'),
  t({ message: 'Stop {0}?', args: ['it'], comment: ['a run'] }),
  t({ message: 'Stop {name}?', args: { name: 'it' }, comment: [] }),
  t({ message: 'row', comment: 'of data' }),
];

describe('a text', () => {
  it('is in the language of the bundle', () => {
    expect(given(l10n.t)).toEqual(given(packaged.t));
    expect([l10n.t('row'), l10n.t`Stop ${'a'}?`]).toEqual(['Zeile', 'a stoppen?']);
  });

  it('is in English where that is spoken, as the package has it without a bundle', () => {
    english = true;
    const said = given(l10n.t);
    packaged.config({ contents: {} });
    expect(said).toEqual(given(packaged.t));
  });

  it('with a name is put into words when it is read', () => {
    const words = l10n.texts({ row: () => l10n.t('row') });
    expect([words.row, Object.keys(words)]).toEqual(['Zeile', ['row']]);
    english = true;
    expect(words.row).toBe('row');
  });
});
