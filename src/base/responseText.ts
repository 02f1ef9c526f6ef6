import { inMebibytes, responseBytesAtMost } from './limits.ts';

/** An answer without end, or one that unpacks to more than was asked for. */
export class ResponseTooLarge extends Error {
  override readonly name = 'ResponseTooLarge';

  constructor(bytesAtMost: number) {
    super(`its answer is larger than ${inMebibytes(bytesAtMost)} and was not read to its end`);
  }
}

/**
 * The text of an answer to `fetch`, which may come packed: bytes are counted as they are unpacked.
 *
 * @throws ResponseTooLarge as soon as there is more; the connection is then closed.
 */
export async function responseText(response: Response, bytesAtMost: number = responseBytesAtMost): Promise<string> {
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  let bytes = 0;
  if (response.body === null) return '';
  // Leaving the loop cancels the stream, and with it the request.
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > bytesAtMost) throw new ResponseTooLarge(bytesAtMost);
    pieces.push(decoder.decode(chunk, { stream: true }));
  }
  return pieces.join('') + decoder.decode();
}
