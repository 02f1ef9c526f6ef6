/** Addresses that a service signs, for rows and records that lie in a store beside it. */
import { EndpointRefused } from '../../engine/errors.ts';
import { connect } from '../../lm/connection.ts';
import { defineEndpoint } from '../../lm/endpoint.ts';
import { sendPlain } from './plainRequest.ts';
import type { PlainRequest } from './plainRequest.ts';
import type { ServiceClient } from './serviceClient.ts';

/**
 * One request, once, and without the key: the signature in the address is what lets it in. Redirects are not followed.
 *
 * @returns the answer's text.
 * @throws EndpointRefused for an address that is neither under TLS nor the service's own.
 */
export async function askSigned(
  client: ServiceClient,
  address: string,
  request: Pick<PlainRequest, 'method' | 'bytes'>,
  signal: AbortSignal,
): Promise<string> {
  const url = addressOf(client, address);
  const connection = connect(defineEndpoint({ name: client.connection.endpoint.name, baseURL: url.origin }));
  try {
    return (await sendPlain(connection, { ...request, url: url.href, take: () => false }, signal)).text;
  } finally {
    await connection.close();
  }
}

function addressOf(client: ServiceClient, address: string): URL {
  const own = new URL(client.connection.endpoint.baseURL);
  if (URL.canParse(address)) {
    const url = new URL(address);
    if (url.protocol === 'https:' || url.origin === own.origin) return url;
  }
  throw new EndpointRefused(
    `${client.who} names an address for training data that is not under https: nothing was sent there. ` +
      `Check endpoints.${client.connection.endpoint.name}.baseURL.`,
  );
}
