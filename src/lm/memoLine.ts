import { crc32 } from 'node:zlib';
import type { JsonValue } from '../data/json.ts';

/**
 * One entry of a segment, one line of text:
 *
 *     <key: 64 hex> <written: ms since 1970, 9 base-36 digits> <length of the JSON in bytes: 8 hex> <CRC-32: 8 hex> <JSON>\n
 *
 * The checksum is over everything before it and the JSON. A line that was torn, or of which a bit changed, is no entry.
 */
export const headerBytes = 64 + 1 + 9 + 1 + 8 + 1 + 8 + 1;
const checkedBytes = 64 + 1 + 9 + 1 + 8;

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

export function encodeLine(key: string, written: number, json: string): Buffer {
  const length = Buffer.byteLength(json);
  const line = Buffer.allocUnsafe(headerBytes + length + 1);
  line.write(`${key} ${written.toString(36).padStart(9, '0')} ${length.toString(16).padStart(8, '0')}`, 0, 'latin1');
  line.write(json, headerBytes, 'utf8');
  const checksum = checksumOf(line, 0, length).toString(16).padStart(8, '0');
  line.write(` ${checksum} `, checkedBytes, 'latin1');
  line[line.length - 1] = newline;
  return line;
}

/** The header of the line at `start` that ends with a newline at `end`; `null` where there is no sound entry. */
export function checkLine(buffer: Buffer, start: number, end: number): LineHeader | null {
  if (end - start < headerBytes || buffer[end] !== newline || buffer[start + headerBytes - 1] !== space) return null;
  const [key, written, length, checksum] = buffer.toString('latin1', start, start + headerBytes - 1).split(' ');
  const bytes = parseHex(length);
  if (bytes !== end - start - headerBytes || !isMemoKey(key ?? '')) return null;
  if (parseHex(checksum) !== checksumOf(buffer, start, bytes)) return null;
  return { key: key!, written: parseInt(written!, 36), length: bytes };
}

/** Bytes of JSON, as a header says that was not checked; `NaN` where it says none. */
export function lengthIn(header: Buffer): number {
  return Number.parseInt(header.toString('latin1', checkedBytes - 8, checkedBytes), 16);
}

/** The entry in `buffer`, which is one whole line; `null` where it is not sound. */
export function readLine(buffer: Buffer): MemoEntry | null {
  const header = checkLine(buffer, 0, buffer.length - 1);
  if (header === null) return null;
  return { ...header, value: JSON.parse(buffer.toString('utf8', headerBytes, buffer.length - 1)) as JsonValue };
}

export function isMemoKey(key: string): boolean {
  return /^[0-9a-f]{64}$/.test(key);
}

function checksumOf(buffer: Buffer, start: number, length: number): number {
  const checked = crc32(buffer.subarray(start, start + checkedBytes));
  return crc32(buffer.subarray(start + headerBytes, start + headerBytes + length), checked);
}

function parseHex(text: string | undefined): number {
  return text !== undefined && /^[0-9a-f]{8}$/.test(text) ? parseInt(text, 16) : -1;
}
