/** Runs read files as they are on the disk. */
import { basename } from 'node:path';
import * as l10n from '../../base/l10n.ts';
import { HumanError } from '../../base/errors.ts';
import { Dismissed } from './errors.ts';
import { agreesTo } from './messages.ts';
import { shownDocument } from './openNotebooks.ts';

/**
 * Asks to save what an editor shows of a file, or of a notebook, and has not saved.
 *
 * @throws Dismissed where it is not to be saved.
 */
export async function requireSaved(file: string): Promise<void> {
  const shown = shownDocument(file);
  if (shown?.isDirty !== true) return;
  const name = basename(file);
  const detail = l10n.t('It has changes that are not saved, and a run reads the file.');
  const question = l10n.t`Save ${name}?`;
  if (!(await agreesTo({ kind: 'info', question, detail, action: l10n.t('Save') }))) throw new Dismissed();
  if (!(await shown.save()))
    throw new HumanError(l10n.t`${file} could not be saved. Save it in its editor, then try again.`);
}
