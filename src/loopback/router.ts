import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Credential, Handler } from './http.ts';
import { answered, ApiError, refuseForeign, refuseStrangers, sendJson } from './http.ts';
import { messageOf } from '../base/errors.ts';

/** `GET /v1/models/:id` and the like, with what answers. */
export type Routes = Readonly<Record<string, Handler>>;

interface Route {
  readonly method: string;
  readonly pattern: RegExp;
  readonly handler: Handler;
}

/**
 * The listener of a server with these routes, for who has the credential. Every error becomes an answer in OpenAI's
 * shape.
 */
export function listener(routes: Routes, credential: Credential, onError: (error: unknown) => void) {
  const table = Object.entries(routes).map(([key, handler]): Route => {
    const [method = '', path = ''] = key.split(' ');
    return { method, pattern: new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}/?$`), handler };
  });
  return (request: IncomingMessage, response: ServerResponse): void => {
    answer(table, credential, request, response).catch((error: unknown) => {
      if (response.destroyed) return;
      const known = error instanceof ApiError ? error : new ApiError(500, `Internal error: ${messageOf(error)}`);
      if (known !== error) onError(error);
      // An answer that has begun can only be cut off.
      if (response.headersSent) {
        response.destroy();
        return;
      }
      if (known.status === 401) response.setHeader('www-authenticate', 'Bearer');
      sendJson(response, known.status, known.body());
    });
  };
}

async function answer(
  table: readonly Route[],
  credential: Credential,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  refuseForeign(request);
  refuseStrangers(request, credential);
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const fitting = table.filter((route) => route.pattern.test(url.pathname));
  const route = fitting.find(({ method }) => method === request.method);
  if (route === undefined) {
    const problem = fitting.length > 0 ? 405 : 404;
    throw new ApiError(problem, `Unknown request: ${String(request.method)} ${url.pathname}`, { code: 'unknown_url' });
  }
  const gone = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) gone.abort(new ApiError(499, 'The client closed the request.'));
  });
  const captured = route.pattern.exec(url.pathname)?.groups ?? {};
  const params = Object.fromEntries(Object.entries(captured).map(([key, value]) => [key, decode(value)]));
  const body = await route.handler({ request, response, query: url.searchParams, params, signal: gone.signal });
  if (body !== answered) sendJson(response, 200, body);
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new ApiError(400, `Malformed path: ${value}`);
  }
}
