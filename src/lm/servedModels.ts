import * as z from 'zod';
import type { Connection } from './connection.ts';

/** What `/v1/models` says. Servers add fields as they like. */
const modelsSchema = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      owned_by: z.string().nullish().catch(null),
      /** vLLM: the weights behind the name. */
      root: z.string().nullish().catch(null),
      max_model_len: z.number().nullish().catch(null),
      bettertogether: z.record(z.string(), z.unknown()).nullish().catch(null),
    }),
  ),
});
export type ServedModel = z.infer<typeof modelsSchema>['data'][number];

/** `null` for an answer that is not a list of models. */
export function readModels(answer: unknown): readonly ServedModel[] | null {
  return modelsSchema.safeParse(answer).data?.data ?? null;
}

/** The entry of a model; an adapter that is not listed has its server's first. */
export function entryOf(served: readonly ServedModel[] | null, model: string): ServedModel | undefined {
  return served?.find(({ id }) => id === model) ?? served?.[0];
}

/** Where servers report their version, beside `/v1`, by what they say they own. */
const versionPaths: Readonly<Record<string, string>> = {
  vllm: '/version',
  sglang: '/get_server_info',
  llamacpp: '/props',
  library: '/api/version',
};
const versionSchema = z.union([
  z.object({ version: z.string() }).transform(({ version }) => version),
  z.object({ build_info: z.string() }).transform(({ build_info }) => build_info),
]);

/**
 * What serves a model: its owner, its weights, its length and the server's version, as far as reported. It differs
 * when another server, or another model behind the same name, answers. Never rejects: what is not reported is ''.
 */
export async function serverOf(connection: Connection, model: string, signal: AbortSignal): Promise<string> {
  const answer = await connection.openai.get<unknown>('/models', { signal, timeout: patienceMs }).catch(() => null);
  const served = entryOf(readModels(answer), model);
  if (served === undefined) return '';
  const { owned_by, root, max_model_len } = served;
  const path = Object.hasOwn(versionPaths, owned_by ?? '') ? versionPaths[owned_by ?? ''] : undefined;
  const version = path === undefined ? '' : await versionAt(connection, path, signal);
  return [owned_by, root, max_model_len, version]
    .map((part) => part ?? '')
    .join(' ')
    .trim();
}

const patienceMs = 5000;

async function versionAt(connection: Connection, path: string, signal: AbortSignal): Promise<string> {
  const url = connection.endpoint.baseURL.replace(/\/v\d+$/, '') + path;
  try {
    const own = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
    const answer: unknown = await (await connection.fetch(url, { signal: own })).json();
    return versionSchema.safeParse(answer).data ?? '';
  } catch {
    return '';
  }
}
