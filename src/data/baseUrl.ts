import { UsageError } from '../base/errors.ts';

/**
 * One spelling for one address, `HTTP://Box:80/v1/` and `http://box/v1`: no trailing slash, no default port, lower-case
 * host. An address that was copied whole, to the call itself, is the base URL before it.
 *
 * @param where the setting that holds it, for the message.
 * @throws UsageError for what is not a base URL, or carries a password or a query.
 */
export function normaliseBaseURL(text: string, where: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // What is before an @ or behind a ? may be a key: it is not repeated.
    const repeated = /[@?]/.test(text) ? '' : `: "${text}"`;
    throw new UsageError(`${where} is not a URL${repeated}. Write it like http://gpu-box:8000/v1.`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new UsageError(`${where} begins with "${url.protocol}". It must begin with http:// or https://.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(
      `${where} carries a user name or password. Name an environment variable in "apiKeyEnv" instead.`,
    );
  }
  if (url.search !== '') {
    const azure = url.searchParams.has('api-version')
      ? ' Azure takes none at https://<resource>.openai.azure.com/openai/v1.'
      : '';
    throw new UsageError(`${where} has a query (what follows "?"), which is not supported. Leave it out.${azure}`);
  }
  return `${url.protocol}//${url.host}${url.pathname.replace(callPath, '')}`;
}

/** Slashes at the end, and the path of a call; behind a version also those of other calls (`/models` alone is a base URL of Azure's). */
const callPath = /\/+$|\/+(chat\/)?completions\/*$|(?<=\/v\d+[^/]*)\/+(chat|models|responses|messages|embeddings)\/*$/;
