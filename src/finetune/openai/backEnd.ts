import * as z from 'zod';
import { contentHash } from '../../base/contentHash.ts';
import { given } from '../../base/given.ts';
import { EndpointRefused } from '../../engine/errors.ts';
import type { Trainer } from '../../engine/interfaces.ts';
import { advertisesItself } from '../../lm/capabilities.ts';
import { leastRowsOf, profileOf } from '../base/hyperParameters.ts';
import { timingOf } from '../base/timing.ts';
import type { BackEnd, BackEndQuestion, TrainerParts } from '../serving/backEnd.ts';
import { adaptersOf } from '../serving/folderModels.ts';
import { createOpenAiTrainer } from './openaiTrainer.ts';
import type { OpenAiTrainerOptions } from './openaiTrainer.ts';
import type { OpenAiSettings } from './settings.ts';
import { askTrainingOffer, cannotTrain } from './trainingOffer.ts';

export const openaiBackEnd: BackEnd<OpenAiSettings> = {
  require: (_, question) => requireOffer(question),
  isOurs: isOurTrainer,
  adapters: (settings, parts) => adaptersOf(trainer(settings, parts), `endpoints.${parts.endpoint}.loraServing`),
  models(settings, parts) {
    const { connection } = parts;
    // One service under one address is asked once, as the service.
    const isOne = settings.baseURL === connection.endpoint.baseURL;
    return trainer(settings, parts, isOne ? {} : { inference: connection });
  },
};

/** The trainer of an embedded endpoint itself, which is asked where its models are. */
export function ownTrainer({
  connection,
  account,
  warn,
}: Pick<TrainerParts, 'connection' | 'account' | 'warn'>): Trainer {
  return createOpenAiTrainer({
    connection,
    profile: 'embedded',
    rows: { layout: 'apart', textAsChat: false },
    ...timingOf({ pollSeconds: 0.5 }),
    ...(account === undefined ? {} : { account }),
    onWarning: warn,
  });
}

function trainer(
  settings: OpenAiSettings,
  { connection, service, capabilities, isOurs = false, retry, account, warn, model }: TrainerParts,
  more: Pick<OpenAiTrainerOptions, 'inference'> = {},
): Trainer {
  const { form, hyperParameters, extra, dialect } = settings;
  return createOpenAiTrainer({
    connection: service ?? connection,
    ...more,
    profile: dialect ?? profileOf(settings.baseURL, isOurs),
    rows: { layout: isOurs ? 'apart' : 'joined', textAsChat: !capabilities.completions },
    base: { served: model, trainedAs: settings.model ?? model },
    ...given({ form, hyperParameters, extra, retry, account }),
    ...timingOf(settings),
    leastRows: settings.minRows ?? leastRowsOf(settings.baseURL),
    onWarning: warn,
  });
}

/** One that trains is not asked again in this workspace. One that does not is, for it may have been fixed. */
async function requireOffer({ service, memo, signal, retry }: BackEndQuestion): Promise<void> {
  if (service === null) return;
  const { endpoint } = service;
  const key = contentHash(['trains', endpoint.identity]);
  if (z.literal(true).safeParse(await memo.get(key)).success) return;
  const offer = await askTrainingOffer(service, signal, retry);
  if (offer.kind === 'none') throw new EndpointRefused(cannotTrain(endpoint, offer.said));
  if (offer.kind === 'trains') await memo.put(key, true);
}

/**
 * Whether a training service says that it is an embedded endpoint of ours: it then takes all hyper-parameters, and
 * none that it does not know. Asked once, where its host does not say already.
 */
async function isOurTrainer(
  { dialect, baseURL }: OpenAiSettings,
  { service, memo, signal }: BackEndQuestion,
): Promise<boolean> {
  if (service === null || dialect !== undefined || profileOf(baseURL, false) === 'openai') return false;
  const key = contentHash(['advertises', service.endpoint.identity]);
  const remembered = z.boolean().safeParse(await memo.get(key)).data;
  if (remembered !== undefined) return remembered;
  const found = await advertisesItself(service, signal);
  await memo.put(key, found);
  return found;
}
