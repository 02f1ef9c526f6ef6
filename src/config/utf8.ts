import { isUtf8 } from 'node:buffer';
import { UsageError } from '../base/errors.ts';

/**
 * The text of a file that people write. Bytes of another encoding would be replaced in silence, and wrong text scored
 * and trained on.
 *
 * @throws UsageError naming the file and the line.
 */
export function textOf(bytes: Buffer, file: string): string {
  if (isUtf8(bytes)) return bytes.toString('utf8').replace(/^\uFEFF/, '');
  throw notUtf8(`${file}:${lineOfDamage(bytes)}`);
}

export function notUtf8(place: string): UsageError {
  return new UsageError(
    `${place}: this is not UTF-8 text. Save the file as UTF-8 (Latin-1 is not read, nor UTF-16 without a byte order mark).`,
  );
}

function lineOfDamage(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline;
    if (!isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
  return line;
}
