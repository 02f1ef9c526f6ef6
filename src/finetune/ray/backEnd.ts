import * as z from 'zod';
import { contentHash } from '../../base/contentHash.ts';
import { clusterResponseBytesAtMost } from '../../base/limits.ts';
import { trainerSources } from '../../home/home.ts';
import { timingOf } from '../base/timing.ts';
import type { BackEnd, BackEndQuestion } from '../serving/backEnd.ts';
import { requireJobsApi } from './jobsApi.ts';
import { createRayTrainer } from './rayTrainer.ts';
import type { RaySettings } from './settings.ts';

export const rayBackEnd: BackEnd<RaySettings> = {
  responseBytes: clusterResponseBytesAtMost,
  require: (_, question) => requireCluster(question),
  adapters(settings, { model, modelFile, service, capabilities, retry }) {
    const { workers, cpusPerWorker, gpusPerWorker, dtype, storage, sharedFolder, python, runtimeEnv } = settings;
    return createRayTrainer({
      ...{ workers, cpusPerWorker, gpusPerWorker, dtype, storage, sharedFolder, python, runtimeEnv },
      ...timingOf(settings),
      // Its settings have an address, so it is connected.
      connection: service!,
      sources: trainerSources(),
      model: settings.model ?? modelFile ?? model,
      textAsChat: !capabilities.completions,
      leastRows: settings.minRows ?? 1,
      ...(retry === undefined ? {} : { retry }),
    });
  },
};

/** One that takes jobs is not asked again in this workspace. One that does not is, for it may have been fixed. */
async function requireCluster({ service, memo, signal, retry = {} }: BackEndQuestion): Promise<void> {
  if (service === null) return;
  const key = contentHash(['takes jobs', service.endpoint.identity]);
  if (z.literal(true).safeParse(await memo.get(key)).success) return;
  await requireJobsApi(service, signal, retry);
  await memo.put(key, true);
}
