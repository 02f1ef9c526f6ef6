/** A server whose answers never end: for limits on what is read of them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGzip } from 'node:zlib';

export interface EndlessServer {
  /** Of an endpoint, with `/v1`. */
  readonly baseURL: string;
  readonly requests: number;
  /** Bytes that went out. */
  readonly sent: number;
  close(): Promise<void>;
}

/** @param packed sends a stream that unpacks to a thousand times its size. */
export async function startEndlessServer(status = 200, packed = false): Promise<EndlessServer> {
  let [requests, sent] = [0, 0];
  const server = createServer((_, response) => {
    requests++;
    response.writeHead(status, { 'content-type': 'application/json', ...(packed && { 'content-encoding': 'gzip' }) });
    const chunk = Buffer.alloc(2 ** 16, ' ');
    const out = packed ? createGzip() : response;
    if (packed) out.pipe(response);
    const more = (): void => {
      while (!response.destroyed && out.write(chunk)) sent += chunk.length;
      if (!response.destroyed) out.once('drain', more);
    };
    response.on('error', () => undefined);
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    get requests() {
      return requests;
    },
    get sent() {
      return sent;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
