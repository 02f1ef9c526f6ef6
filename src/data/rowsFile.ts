import { contentHash } from '../base/contentHash.ts';
import { isDevice } from '../base/fileName.ts';

/** Of a long name as much as a disk takes for a file, with a hash of the whole behind it. */
const begins = 120;
const hashed = 8;

/** The file of a step's training rows, in the folder for them: `p -> w` → `p-w.jsonl`. The name of a file stays, with or without its end. */
export function rowsFileName(prefix: string): string {
  const plain = prefix
    .replace(/\.jsonl$/, '')
    .replaceAll(/[^A-Za-z0-9._]+/g, '-')
    .replaceAll(/^[-.]+|-+$/g, '');
  const name = plain === '' ? 'rows' : isDevice(plain) ? `_${plain}` : plain;
  if (name.length <= begins + 1 + hashed) return `${name}.jsonl`;
  return `${name.slice(0, begins).replace(/-$/, '')}-${contentHash(prefix).slice(0, hashed)}.jsonl`;
}
