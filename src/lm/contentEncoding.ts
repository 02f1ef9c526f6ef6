/** Bodies that come packed although nothing that packs was asked for: some gateways always do. */
import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { codeOf } from '../base/errors.ts';
import { ResponseTooLarge } from '../base/responseText.ts';

type Options = { readonly maxOutputLength: number };
type Unpack = (packed: Uint8Array, options: Options) => Promise<Uint8Array>;
/** As much of Node's zlib as is used: Node 20 knows no zstd. */
type Zlib = typeof zlib & { readonly zstdDecompress?: typeof zlib.gunzip };

const { gunzip, inflate, inflateRaw, brotliDecompress, zstdDecompress } = zlib as Zlib;
const gzip: Unpack = promisify<Uint8Array, object, Buffer>(gunzip);
const framed: Unpack = promisify<Uint8Array, object, Buffer>(inflate);
const raw: Unpack = promisify<Uint8Array, object, Buffer>(inflateRaw);
const unpackers: Readonly<Record<string, Unpack>> = {
  gzip,
  'x-gzip': gzip,
  deflate: (packed, options) => (isFramed(packed) ? framed : rawOrText)(packed, options),
  br: promisify<Uint8Array, object, Buffer>(brotliDecompress),
  ...(zstdDecompress === undefined ? {} : { zstd: promisify<Uint8Array, object, Buffer>(zstdDecompress) }),
};

/** `deflate` is defined with zlib's frame (RFC 9110, 8.4.1.2), and some send it without. */
function isFramed([method = 0, flags = 0]: Uint8Array): boolean {
  return (method & 15) === 8 && (method * 256 + flags) % 31 === 0;
}

/** What is text would be unpacked to something else. */
const rawOrText: Unpack = (packed, options) => (isUtf8(packed) ? Promise.resolve(packed) : raw(packed, options));

/** A body that is packed in a way that cannot be unpacked here. */
export class UnknownEncoding extends Error {
  override readonly name = 'UnknownEncoding';
  readonly encoding: string;

  constructor(encoding: string) {
    super(`The answer is packed as "${encoding}", which cannot be unpacked here.`);
    this.encoding = encoding;
  }
}

/**
 * The text of a body. What is not packed as its header says is text: some proxies unpack it and leave the header.
 *
 * @param encoding the header `content-encoding`.
 * @param bytesAtMost of what it unpacks to.
 * @throws ResponseTooLarge where there is more; UnknownEncoding.
 */
export async function unpackedText(body: Uint8Array, encoding: string, bytesAtMost: number): Promise<string> {
  if (encoding === '' || encoding === 'identity') return textOf(body);
  const unpack = Object.hasOwn(unpackers, encoding) ? unpackers[encoding] : undefined;
  if (unpack === undefined && !isUtf8(body)) throw new UnknownEncoding(encoding);
  if (unpack === undefined) return textOf(body);
  try {
    return textOf(await unpack(body, { maxOutputLength: bytesAtMost }));
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw new ResponseTooLarge(bytesAtMost);
    return textOf(body);
  }
}

const decoder = new TextDecoder();
const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);
