import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Credential } from './http.ts';
import { listener } from './router.ts';
import type { Routes } from './router.ts';

export interface LoopbackOptions {
  readonly routes: Routes;
  readonly credential: Credential;
  /** 0 (the default): any free one. */
  readonly port?: number;
  /** What no route has an answer for: a bug of ours. */
  readonly onError: (error: unknown) => void;
}

export interface LoopbackServer {
  readonly port: number;
  /** `http://127.0.0.1:<port>/v1` */
  readonly baseURL: string;
  /** Stops listening, and cuts off what is being answered. */
  close(): Promise<void>;
}

/**
 * Serves routes on 127.0.0.1 alone, to who sends the credential.
 *
 * @throws the `listen` error when the port is taken.
 */
export async function serveLoopback({
  routes,
  credential,
  port = 0,
  onError,
}: LoopbackOptions): Promise<LoopbackServer> {
  const server = createServer(listener(routes, credential, onError));
  // Generations take as long as they take; the client decides how long it waits.
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    port: taken,
    baseURL: `http://127.0.0.1:${String(taken)}/v1`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
