/** Bodies that come packed although nothing that packs was asked for: some gateways always do. */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { codeOf } from '../base/errors.ts';
import { ResponseTooLarge } from '../base/responseText.ts';

type Unpack = (packed: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Uint8Array>;

const gzip: Unpack = promisify<Uint8Array, object, Buffer>(gunzip);
const unpackers: Readonly<Record<string, Unpack>> = {
  gzip,
  'x-gzip': gzip,
  deflate: promisify<Uint8Array, object, Buffer>(inflate),
  br: promisify<Uint8Array, object, Buffer>(brotliDecompress),
};

/**
 * The text of a body. What is not packed as its header says is text: some proxies unpack it and leave the header.
 *
 * @param encoding the header `content-encoding`.
 * @param bytesAtMost of what it unpacks to.
 * @throws ResponseTooLarge where there is more.
 */
export async function unpackedText(body: Uint8Array, encoding: string, bytesAtMost: number): Promise<string> {
  const unpack = Object.hasOwn(unpackers, encoding) ? unpackers[encoding] : undefined;
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
