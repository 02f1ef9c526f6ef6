/** What can go wrong between an endpoint and its client, on demand. */
import type { ServerResponse } from 'node:http';

export type FakeFault = {
  /** Only requests whose path (without `/v1/`) begins so; default: any completion. */
  readonly path?: string;
} & (
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly message?: string;
      readonly code?: string;
    }
  /** The connection is reset without an answer. */
  | { readonly kind: 'reset' }
  /** No answer ever comes. */
  | { readonly kind: 'stall' }
  /** Headers of a good answer, half of its body, then a reset. */
  | { readonly kind: 'halfBody' }
  /** Headers of a good answer, half of its body, then nothing. */
  | { readonly kind: 'stallBody' }
  /** The request is carried out, but its answer never arrives: the connection is reset instead. */
  | { readonly kind: 'lostAnswer' }
  /** 200 and `application/json`, but not JSON. */
  | { readonly kind: 'brokenJson' }
  /** 200 and JSON, but nothing like a completion. */
  | { readonly kind: 'wrongJson' }
  /** 200 and a web page, as a login portal sends it. */
  | { readonly kind: 'html' }
  | { readonly kind: 'redirect'; readonly to: string }
);

/** Lets the request be carried out and resets the connection where the answer would be sent. */
export function loseAnswer(response: ServerResponse): void {
  response.end = () => {
    response.socket?.resetAndDestroy();
    return response;
  };
}

/** Answers (or does not answer) as the fault says. */
export function playFault(fault: Exclude<FakeFault, { readonly kind: 'lostAnswer' }>, response: ServerResponse): void {
  switch (fault.kind) {
    case 'status': {
      const error = {
        message: fault.message ?? `fault ${fault.status}`,
        type: 'fault',
        param: null,
        code: fault.code ?? null,
      };
      response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
      response.end(JSON.stringify({ error }));
      return;
    }
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'stall':
      return;
    case 'halfBody':
    case 'stallBody':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 400 });
      response.write('{"id":"cmpl-half","choices":[{"message":{"role":"assistant","content":"trunc');
      if (fault.kind === 'halfBody') setTimeout(() => response.socket?.resetAndDestroy(), 5);
      return;
    case 'brokenJson':
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"choices": [{');
      return;
    case 'wrongJson':
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"ok": true}');
      return;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html><body>Please log in</body></html>');
      return;
    case 'redirect':
      response.writeHead(307, { location: fault.to });
      response.end();
      return;
  }
}
