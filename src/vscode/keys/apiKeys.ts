/**
 * Keys of endpoints, in VS Code's secret storage. A key is kept for the base URL it was entered for: a workspace that
 * changes the URL under a key's name does not get the key, the person is asked again.
 */
import * as l10n from '../../base/l10n.ts';
import type * as vscode from 'vscode';
import * as z from 'zod';
import type { ResolvedEndpoint, ResolvedService } from '../../config/resolved.ts';
import { answeringService, trainingService } from '../../config/trainer.ts';
import type { Service } from '../../config/trainer.ts';
import { UsageError } from '../../base/errors.ts';
import { knowKey } from '../../base/keys.ts';

/** A key that an endpoint wants: under which environment variable, and who gets it. */
export interface KeyNeed {
  readonly env: string;
  /** Normalised. */
  readonly baseURL: string;
}

export type Secrets = Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>;

const keptSchema = z.record(z.string(), z.string());

/** @throws UsageError when one variable would have to hold the keys of two services. */
export function keysNeeded(endpoint: ResolvedEndpoint): readonly KeyNeed[] {
  const [first, ...others] = [answeringService(endpoint), trainingService(endpoint)].flatMap(needOf);
  if (first === undefined) return [];
  const second = others.find(({ env }) => env === first.env);
  if (second === undefined) return [first, ...others];
  if (new URL(second.baseURL).origin === new URL(first.baseURL).origin) return [first];
  throw new UsageError(
    l10n.t`Endpoint "${endpoint.name}" sends the key in ${first.env} to ${first.baseURL} and to ${second.baseURL}. Name another environment variable under "fineTune.apiKeyEnv": a key is kept for one service.`,
  );
}

function needOf(service: Service | null): readonly KeyNeed[] {
  return service === null || service.apiKeyEnv === null ? [] : [{ env: service.apiKeyEnv, baseURL: service.baseURL }];
}

/**
 * Keys of endpoints that LMs of a program's own may be asked at. A variable that is taken holds the key of the service
 * before: the run refuses to send that one elsewhere (`run/services/otherEndpoints.ts`).
 */
export function keysOfServices(services: readonly ResolvedService[], before: readonly KeyNeed[]): readonly KeyNeed[] {
  const taken = new Set(before.map(({ env }) => env));
  return services.flatMap(({ apiKeyEnv: env, baseURL }) => {
    if (env === null || taken.has(env)) return [];
    taken.add(env);
    return [{ env, baseURL }];
  });
}

export class ApiKeys {
  readonly #secrets: Secrets;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  async get({ env, baseURL }: KeyNeed): Promise<string | undefined> {
    const key = (await this.#kept(env))[baseURL];
    if (key !== undefined) knowKey(key);
    return key;
  }

  /** Base URLs that have a key under this name. */
  async urlsOf(env: string): Promise<readonly string[]> {
    return Object.keys(await this.#kept(env));
  }

  /** An empty key takes away the one that is kept. */
  async set({ env, baseURL }: KeyNeed, key: string): Promise<void> {
    const others = Object.entries(await this.#kept(env)).filter(([url]) => url !== baseURL);
    const kept = Object.fromEntries(key === '' ? others : [...others, [baseURL, key]]);
    if (Object.keys(kept).length === 0) await this.#secrets.delete(secretName(env));
    else await this.#secrets.store(secretName(env), JSON.stringify(kept));
  }

  /** Whether the person said that the variable's own value, of VS Code's environment, may go to this address. */
  async mayUseEnvironment({ env, baseURL }: KeyNeed): Promise<boolean> {
    const text = await this.#secrets.get(agreedName(env));
    return text !== undefined && (z.array(z.string()).safeParse(JSON.parse(text)).data ?? []).includes(baseURL);
  }

  async useEnvironment({ env, baseURL }: KeyNeed): Promise<void> {
    const text = await this.#secrets.get(agreedName(env));
    const agreed = text === undefined ? [] : z.array(z.string()).parse(JSON.parse(text));
    await this.#secrets.store(agreedName(env), JSON.stringify([...new Set([...agreed, baseURL])]));
  }

  async #kept(env: string): Promise<Readonly<Record<string, string>>> {
    const text = await this.#secrets.get(secretName(env));
    if (text === undefined) return {};
    const parsed = keptSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : {};
  }
}

const agreedName = (env: string): string => `environmentKey/${env}`;
const secretName = (env: string): string => `apiKey/${env}`;
