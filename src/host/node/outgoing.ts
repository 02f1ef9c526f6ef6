import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { replace } from './reads/replace.ts';

/** Gets the method and the path, in the caller's stack. */
type Notice = (method: string, path: string) => void;

interface Requested {
  readonly method: string;
  readonly path: string;
}

/** What Node's `fetch` and the package undici publish, before they connect. */
const fetched = 'undici:request:create';

/**
 * Has each HTTP request of this process noticed before a byte of it is sent, whichever package makes it.
 *
 * @returns what ends that.
 */
export function watchRequests(notice: Notice): () => void {
  let watching = true;
  const onFetch = (message: unknown): void => {
    const { method, path } = (message as { readonly request: Requested }).request;
    notice(method, path);
  };
  const onRequest = ({ method, path }: Requested): void => {
    if (watching) notice(method, path);
  };
  subscribe(fetched, onFetch);
  for (const library of [http, https]) noticeRequests(library, onRequest);
  return () => {
    watching = false;
    unsubscribe(fetched, onFetch);
  };
}

/** Node's own channel for these requests comes when their stack is gone. */
function noticeRequests(library: object, notice: (request: Requested) => void): void {
  replace(
    library,
    'request',
    (original) =>
      (...args) => {
        const request = original(...args);
        notice(request as Requested);
        return request;
      },
    (made) => made,
  );
  syncBuiltinESMExports();
}
