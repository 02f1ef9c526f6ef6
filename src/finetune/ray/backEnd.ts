import { clusterResponseBytesAtMost } from '../../base/limits.ts';
import { trainerSources } from '../../home/home.ts';
import { timingOf } from '../base/timing.ts';
import type { BackEnd, BackEndQuestion } from '../serving/backEnd.ts';
import { onceAllowed } from '../serving/onceAllowed.ts';
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

/** Whether the cluster takes jobs. */
function requireCluster(question: BackEndQuestion): Promise<void> {
  return onceAllowed('takes jobs', question, (service, retry) => requireJobsApi(service, question.signal, retry));
}
