import * as l10n from '../../base/l10n.ts';
import { anded } from './anded.ts';

/** Where the program's code goes, in a sentence; none where it stays on this machine. */
export function codeSentences(codeTo: readonly string[]): readonly string[] {
  return codeTo.length === 0 ? [] : [l10n.t`Steps that reflect send the program's code to ${anded(codeTo)}.`];
}
