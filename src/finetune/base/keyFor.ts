import type { Service } from './settings.ts';

/**
 * The variable whose key goes to a training service. The endpoint's key goes to the endpoint alone: another host gets the
 * key that was named for it, or none.
 */
export function keyFor(baseURL: string, named: string | undefined, endpoint: Service): string | null {
  return named ?? (sameOrigin(endpoint.baseURL, baseURL) ? endpoint.apiKeyEnv : null);
}

function sameOrigin(a: string, b: string): boolean {
  return new URL(a).origin === new URL(b).origin;
}
