import type { HeaderReader } from './headerReader.ts';

/** As much of an answer as says where it redirects to. */
interface Redirecting {
  readonly status: number;
  readonly headers: HeaderReader;
}

/**
 * The same address with a slash at its end, where a server redirects to that and to nothing else (FastAPI's routes, say):
 * no setting could say so, and it leads nowhere else. `null` for any other answer.
 */
export function slashedTarget(url: string, { status, headers }: Redirecting): string | null {
  const location = status === 307 || status === 308 ? headers.get('location') : null;
  if (location === null || !URL.canParse(location, url)) return null;
  const target = new URL(location, url).href;
  return target === `${url}/` ? target : null;
}
