/** What a program is called with: asked where the source does not say. */
import * as l10n from '../../base/l10n.ts';
import { isBuiltInCode, loadDataset } from '../../config/dataset.ts';
import { chooseMany } from '../base/picker.ts';
import type { Place, back } from '../base/picker.ts';

/** Asks for fields of the rows; `proposed` are ticked. */
export function askInputs(
  title: string,
  fields: readonly string[],
  proposed: readonly string[],
  place: Place = {},
): Promise<readonly string[] | typeof back> {
  const choices = fields.map((value) => ({ label: value, picked: proposed.includes(value), value }));
  const placeholder = l10n.t('Which fields is the program called with?');
  return chooseMany({ title, placeholder, choices, ...place });
}

/** Names of the fields of the first rows; nothing for data that code builds. */
export async function fieldsOfRows(train: string): Promise<readonly string[]> {
  if (isBuiltInCode(train)) return [];
  // A metric of code asks nothing of the rows, so only the file itself is judged here.
  const { examples } = await loadDataset(train, null, { kind: 'code', file: '', name: '' });
  return [...new Set(examples.slice(0, 20).flatMap(({ fields }) => Object.keys(fields)))];
}
