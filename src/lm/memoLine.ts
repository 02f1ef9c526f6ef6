import { crc32 } from 'node:zlib';
import type { JsonValue } from '../base/json.ts';
import type { Seal } from '../home/seal.ts';

/**
 * One entry of a segment, one line of text:
 *
 *     <key: 64 hex> <written: ms since 1970, 9 base-36 digits> <length of the JSON in bytes: 8 hex> <CRC-32: 8 hex> <seal: 32 hex> <JSON>\n
 *
 * The seal is over everything before the checksum and the JSON, the checksum over all but itself. A line that was torn,
 * or of which a bit changed, is not an entry. The checksum shows that of a whole segment fast. One whose seal does not
 * hold was not written by this user here, and is not an entry either: an answer that somebody committed is not taken
 * for one that was paid for.
 */
const checkedBytes = 64 + 1 + 9 + 1 + 8;
const unsealedBytes = checkedBytes + 1 + 8 + 1;
const sealBytes = 32;
export const headerBytes = unsealedBytes + sealBytes + 1;

const newline = 10;
const space = 32;

export interface LineHeader {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly written: number;
  /** Bytes of JSON. */
  readonly length: number;
}

export interface MemoEntry extends LineHeader {
  readonly value: JsonValue;
}

export function encodeLine(key: string, written: number, json: string, seal: Seal): Buffer {
  const length = Buffer.byteLength(json);
  const line = Buffer.allocUnsafe(headerBytes + length + 1);
  line.write(`${key} ${written.toString(36).padStart(9, '0')} ${length.toString(16).padStart(8, '0')}`, 0, 'latin1');
  line.write(json, headerBytes, 'utf8');
  line[line.length - 1] = newline;
  line.write(`${seal.of('memo', ...sealedParts(line))} `, unsealedBytes, 'latin1');
  line.write(` ${checksumOf(line).toString(16).padStart(8, '0')} `, checkedBytes, 'latin1');
  return line;
}

/** The header of the line at `start` that ends with a newline at `end`; `null` where there is no sound entry. */
export function checkLine(buffer: Buffer, start: number, end: number): LineHeader | null {
  return headerOf(buffer.subarray(start, end + 1), headerBytes);
}

/** Bytes of JSON, as a header says that was not checked; `NaN` where it says none. */
export function lengthIn(header: Buffer): number {
  return Number.parseInt(header.toString('latin1', checkedBytes - 8, checkedBytes), 16);
}

/**
 * The entry in `line`, which is one whole line; `null` where it is not sound.
 *
 * @param seal has to hold; `null`: the line is only looked at, whatever its writer.
 */
export function readLine(line: Buffer, seal: Seal | null): MemoEntry | null {
  const header = headerOf(line, headerBytes);
  if (header === null || (seal !== null && !isSealedLine(line, seal))) return null;
  return entryOf(header, line, headerBytes);
}

/** The entry in a line of versions that knew no seal; `null` where it is not one. */
export function readUnsealedLine(line: Buffer): MemoEntry | null {
  const header = headerOf(line, unsealedBytes);
  return header === null ? null : entryOf(header, line, unsealedBytes);
}

/** Who wrote `line`, which is one whole line; `null` where it is not sound. */
export function sealedBy(line: Buffer, seal: Seal): 'own' | 'foreign' | null {
  if (headerOf(line, headerBytes) !== null) return isSealedLine(line, seal) ? 'own' : 'foreign';
  return headerOf(line, unsealedBytes) === null ? null : 'foreign';
}

function entryOf(header: LineHeader, line: Buffer, bytes: number): MemoEntry {
  return { ...header, value: JSON.parse(line.toString('utf8', bytes, line.length - 1)) as JsonValue };
}

function headerOf(line: Buffer, bytes: number): LineHeader | null {
  const last = line.length - 1;
  if (last < bytes || line[last] !== newline || line[unsealedBytes - 1] !== space) return null;
  const [key, written, length, checksum] = line.toString('latin1', 0, unsealedBytes - 1).split(' ');
  const json = parseHex(length);
  if (json !== last - bytes || !isMemoKey(key ?? '')) return null;
  if (parseHex(checksum) !== checksumOf(line)) return null;
  return { key: key!, written: parseInt(written!, 36), length: json };
}

function isSealedLine(line: Buffer, seal: Seal): boolean {
  const written = line.toString('latin1', unsealedBytes, unsealedBytes + sealBytes);
  return seal.holds(written, 'memo', ...sealedParts(line));
}

const sealedParts = (line: Buffer) => [line.subarray(0, checkedBytes), line.subarray(headerBytes, -1)] as const;

export function isMemoKey(key: string): boolean {
  return /^[0-9a-f]{64}$/.test(key);
}

/** Over everything around the checksum, without the newline. */
function checksumOf(line: Buffer): number {
  return crc32(line.subarray(unsealedBytes, -1), crc32(line.subarray(0, checkedBytes)));
}

function parseHex(text: string | undefined): number {
  return text !== undefined && /^[0-9a-f]{8}$/.test(text) ? parseInt(text, 16) : -1;
}
