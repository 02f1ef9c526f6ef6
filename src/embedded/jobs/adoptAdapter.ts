import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { killedEachTime, startsAtMost } from '../../base/killed.ts';
import { makePrivateFolder, replacePrivateFile } from '../../home/private.ts';
import { ApiError } from '../../loopback/http.ts';
import type { TunedMeta } from '../models/servedModels.ts';
import { defaults } from '../models/hyperParameters.ts';
import type { TrainingParts } from './trainJob.ts';
import type { TrainResult } from './worker.ts';

type AdoptingParts = Pick<TrainingParts, 'models' | 'worker' | 'isClosed'>;

/**
 * Takes over an adapter that was trained elsewhere, a PEFT folder, and serves it as `name`.
 *
 * @throws ApiError 400 when the name is taken or the folder holds no adapter of this base.
 */
export async function adoptAdapter(parts: AdoptingParts, name: string, peft: string): Promise<void> {
  const { models } = parts;
  if ((await models.peek(name)) !== null) {
    throw new ApiError(400, `The adapter '${name}' has already been loaded.`, { param: 'lora_name' });
  }
  const out = models.folder(`.partial-${name}`);
  const result = await converted(parts, name, peft, out);
  if (result.end !== 'done') {
    await rm(out, { recursive: true, force: true });
    throw new ApiError(400, `The adapter cannot be loaded: ${whyNot(result)}`, { param: 'lora_path' });
  }
  const { rank, alpha, targets } = result.shape ?? { rank: 1, alpha: 1, targets: [] };
  const meta: TunedMeta = {
    v: 1,
    name,
    parent: models.base.name,
    modelHash: models.base.hash,
    hyperParameters: { ...defaults, lora_r: rank, lora_alpha: alpha, lora_targets: [...targets] },
    rows: 0,
    trainedTokens: result.trainedTokens,
    loss: result.loss,
    created: Math.floor(Date.now() / 1000),
  };
  await replacePrivateFile(join(out, 'meta.json'), JSON.stringify(meta, null, 2) + '\n');
  await rename(out, models.folder(name));
}

async function converted(parts: AdoptingParts, name: string, peft: string, out: string): Promise<TrainResult> {
  const worker = await parts.worker();
  await makePrivateFolder(parts.models.folder('.'));
  for (let start = 1; ; start++) {
    await rm(out, { recursive: true, force: true });
    // A server that closes kills its trainer; no one would end another one.
    if (parts.isClosed()) return { end: 'cancelled' };
    const result = await worker.convert({ job: `adopt-${name}`, peft, out }, new AbortController().signal);
    if (result.end !== 'killed' || start === startsAtMost) return result;
  }
}

function whyNot(result: Exclude<TrainResult, { readonly end: 'done' }>): string {
  if (result.end === 'failed') return result.error;
  return result.end === 'killed' ? killedEachTime(startsAtMost, result.signal, result.words) : 'it was cancelled';
}
