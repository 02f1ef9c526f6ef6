/**
 * JSON records that carry their seal as their last key. The seal is over the text as it is, so that a record of
 * another version can be proved without knowing its shape, and checking one costs no parsing.
 */
import type { Seal, SealedKind } from './seal.ts';

const end = /,\n {2}"seal": "([0-9a-f]{32})"\n\}\n$/;

/**
 * The text of `record`, which has at least one key.
 *
 * @param id of the record: a seal proves nothing for a record of another name.
 */
export function sealedText(seal: Seal, kind: SealedKind, id: string, record: object): string {
  const open = JSON.stringify(record, null, 2).replace(/\n\}$/, '');
  return `${open},\n  "seal": "${seal.of(kind, id, open)}"\n}\n`;
}

/** Whether this user wrote just this text here, under this name. */
export function isSealedText(seal: Seal, kind: SealedKind, id: string, text: string): boolean {
  const found = end.exec(text.slice(-64));
  if (found === null) return false;
  return seal.holds(found[1], kind, id, text.slice(0, text.length - found[0].length));
}
