import { beforeEach, expect, it } from 'vitest';
import { registerReadOnlyTexts, showReadOnlyText } from '../../../src/vscode/base/readOnlyText.ts';
import { fake, resetFake } from '../../fakes/fakeVscode.ts';

beforeEach(resetFake);

it('shows a text in a document that is no file of the person, so that no one is asked to save it', async () => {
  const registered = registerReadOnlyTexts();
  await showReadOnlyText('Price of a/b', 'step  calls\nin all  12');
  const { uri } = fake.shown[0]!;
  expect(uri.scheme).not.toBe('untitled');
  expect(uri.path).toBe('/Price of a b.txt');
  expect(fake.providers.get(uri.scheme)?.provideTextDocumentContent(uri)).toBe('step  calls\nin all  12');
  registered.dispose();
});
