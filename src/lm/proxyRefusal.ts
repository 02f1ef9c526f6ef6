/** A proxy of the environment that answers by itself instead of letting a request through. */
export class ProxyRefusal extends Error {
  override readonly name = 'ProxyRefusal';
  readonly status: number;

  constructor(status: number, cause: unknown) {
    super(`the proxy answered ${status} instead of letting the request through`, { cause });
    this.status = status;
  }

  get passes(): boolean {
    return this.status >= 500 || this.status === 429;
  }

  /** What there is to do about one that lasts, as a sentence without its full stop. */
  get advice(): string {
    return this.status === 407
      ? 'Write its user name and password before its host, in the variable HTTPS_PROXY or HTTP_PROXY'
      : 'Ask who runs the proxy (HTTPS_PROXY, HTTP_PROXY), or name the host in NO_PROXY where it needs none';
  }
}

/** undici says so in words alone, and as an abort, which it is not. @returns any other error as it is. */
export function orProxyRefusal(error: unknown): unknown {
  const status = error instanceof Error ? /^Proxy response \((\d{3})\)/.exec(error.message)?.[1] : undefined;
  return status === undefined ? error : new ProxyRefusal(Number(status), error);
}
