/** Settings that endpoints and training back ends both have, as they are written in `bettertogether.json`. */
import * as z from 'zod';
import { nameProblem } from './names.ts';
import { secretsAmong } from './secretNames.ts';

/** Chosen by the file's author, and shown in questions and tables. */
export const nameSchema = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    const message = nameProblem(text);
    if (message !== null) context.addIssue({ code: 'custom', message });
  });

export const apiKeyEnvSchema = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable, never the key itself')
  .describe('Name of the environment variable that holds the key. The key itself never stands in this file.');

export const baseURLSchema = z.url({
  protocol: /^https?$/,
  // As URLs are read: names of hosts in ASCII, addresses of IPv6 in brackets.
  hostname: /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$/,
  error: 'must be a whole URL, such as http://gpu-box:8000/v1; variables are not filled in',
});

export const jsonRecordSchema = z.record(z.string(), z.json());

/** What is here is kept in the folders of runs and jobs, and nothing secret is ever in any of it. */
export function refuseSecrets(
  context: z.RefinementCtx,
  variables: unknown,
  path: readonly string[],
  how: string,
): void {
  for (const name of secretsAmong(variables)) {
    const message = `must not stand here, where it would be kept with every run: set it in the environment${how}`;
    context.addIssue({ code: 'custom', path: [...path, name], message });
  }
}
