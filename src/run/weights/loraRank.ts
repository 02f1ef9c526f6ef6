/** The greatest LoRA rank that vLLM has to be started with for given adapters. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { ResolvedEndpoint, ResolvedProgram } from '../../config/resolved.ts';
import type { LedgerEntry } from '../../finetune/serving/adapterLedger.ts';
import { factsOf } from '../../finetune/settings.ts';
import { endpointNow, findAdapterAt, placesOf } from './adapterPlaces.ts';

/** What vLLM takes as its greatest rank. */
const ranks = [8, 16, 32, 64, 128, 256, 320, 512] as const;

export interface LoraRankRequest {
  readonly workspace: string;
  readonly endpoint: Extract<ResolvedEndpoint, { kind: 'openai' }>;
  readonly entries: readonly LedgerEntry[];
  /** Settings of the run's steps: what was asked for, where an adapter is not on this machine. */
  readonly steps: ResolvedProgram['steps'];
}

export async function loraRankFor({ workspace, endpoint, entries, steps }: LoraRankRequest): Promise<number> {
  const endpoints = [...(await endpointNow(workspace, endpoint.name)), endpoint];
  const namedByContent = factsOf(endpoint.fineTune).leaves === 'adapter';
  const made = entries.map(async (entry) => {
    const folder = await findAdapterAt(entry, placesOf(entry, endpoints), namedByContent);
    return folder === null ? null : rankOf(folder);
  });
  const asked = Object.values(steps).map(({ settings }) => rankIn(settings));
  const found = (await Promise.all(made)).flatMap((rank) => rank ?? asked);
  const most = Math.max(...found, ranks[0]);
  return ranks.find((rank) => rank >= most) ?? most;
}

/** PEFT gives modules that `rank_pattern` names a rank of their own. */
const configSchema = z.object({ r: z.int(), rank_pattern: z.record(z.string(), z.int()).nullish() });

/** `null`: the adapter's own record does not say. */
async function rankOf(folder: string): Promise<number | null> {
  try {
    const text = await readFile(join(folder, 'adapter_config.json'), 'utf8');
    const { r, rank_pattern: others } = configSchema.parse(JSON.parse(text));
    return Math.max(r, ...Object.values(others ?? {}));
  } catch {
    return null;
  }
}

function rankIn(settings: unknown): number {
  const { lora } = (settings ?? {}) as { lora?: { rank?: unknown } };
  return typeof lora?.rank === 'number' ? lora.rank : 0;
}
