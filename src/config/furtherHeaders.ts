/** `headers` of an endpoint: what may stand there. */
import * as z from 'zod';
import { refuseSecrets } from '../data/settingSchemas.ts';
import { holdKey, meaningfulHeaders } from '../data/requestHeaders.ts';

/** Set by what sends a request. */
const taken = /^(content-(type|length|encoding)|transfer-encoding|host|connection|accept-encoding|expect|te|upgrade)$/i;
/** Hold secrets, whatever they are named. */
const secret = /^(proxy-)?authorization$|cookie/i;

const how = ': write "{key}" where the key goes, and name the variable that holds it under "apiKeyEnv"';

export const headersSchema = z
  .record(
    z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be the name of a header'),
    z.string().regex(/^[\x20-\x7e]*$/, 'must be one line of ASCII'),
  )
  .superRefine((headers, context) => {
    for (const name of Object.keys(headers).filter((each) => taken.test(each))) {
      context.addIssue({
        code: 'custom',
        path: [name],
        message: 'must not stand here: what sends the request sets it',
      });
    }
    const plain = meaningfulHeaders(headers);
    for (const name of Object.keys(plain).filter((each) => secret.test(each))) {
      context.addIssue({ code: 'custom', path: [name], message: `must not stand here${how}` });
    }
    refuseSecrets(context, plain, [], how);
  })
  .describe(
    'Further headers of each request, such as {"X-Title": "qa"}. "{key}" in a value is the key: {"api-key": "{key}"} sends it ' +
      'there, and not as Authorization: Bearer. Part of what answers are remembered by, but for those with the key.',
  );

/** What is wrong with an endpoint whose headers want a key that it does not have; `null`: nothing. */
export function missingKey({
  headers = {},
  apiKeyEnv,
}: {
  headers?: Record<string, string> | undefined;
  apiKeyEnv?: string | undefined;
}): string | null {
  return holdKey(headers) && apiKeyEnv === undefined
    ? 'has "{key}", and no key is named: write the name of the variable that holds it under "apiKeyEnv"'
    : null;
}
