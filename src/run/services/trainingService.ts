/** What trains for an endpoint, as something to connect to; and whether it trains at all. */
import * as z from 'zod';
import type { ResolvedEndpoint, ResolvedFineTune } from '../../config/resolved.ts';
import { contentHash } from '../../data/contentHash.ts';
import { UsageError } from '../../data/errors.ts';
import { clusterResponseBytesAtMost } from '../../data/limits.ts';
import { EndpointRefused } from '../../engine/errors.ts';
import { askTrainingOffer, cannotTrain } from '../../finetune/trainingOffer.ts';
import { connect } from '../../lm/connection.ts';
import type { Connection, ConnectionOptions } from '../../lm/connection.ts';
import { defineEndpoint } from '../../lm/endpoint.ts';
import type { Memo } from '../../lm/memo.ts';
import { addVersion } from '../../lm/versionedBase.ts';
import type { RetryOptions } from '../../lm/retry.ts';

type RemoteFineTune = Extract<ResolvedFineTune, { baseURL: string }>;

/**
 * The connection to what trains; `null` where nothing is asked over the network.
 *
 * @throws UsageError when its key is missing: before anything is paid.
 */
export function connectService(
  endpoint: ResolvedEndpoint,
  revision: string | null,
  options: ConnectionOptions = {},
): Connection | null {
  const { fineTune, name } = endpoint;
  if (fineTune === undefined || fineTune.kind === 'command') return null;
  const { baseURL, apiKeyEnv }: RemoteFineTune = fineTune;
  const more = fineTune.kind === 'ray' ? { responseBytes: clusterResponseBytesAtMost } : {};
  return connect(defineEndpoint({ name: `${name}.fineTune`, baseURL, apiKeyEnv, revision }), { ...more, ...options });
}

export interface TrainingQuestion {
  /** Left out: nothing is kept. */
  readonly memo?: Pick<Memo, 'get' | 'put'>;
  readonly signal: AbortSignal;
  readonly retry?: RetryOptions;
  /** See `ConnectionOptions.resolveKey`. */
  readonly resolveKey?: ConnectionOptions['resolveKey'];
  /** The service, where it is connected already; else a connection is made for the question alone. */
  readonly service?: Connection | null;
}

/** The trainer is often the endpoint itself: it then stands under the same address, with a version or without. */
export async function addTrainersVersion(
  service: Connection,
  endpoint: Extract<ResolvedEndpoint, { kind: 'openai' }>,
  { memo, signal }: { readonly memo: Pick<Memo, 'get' | 'put'>; readonly signal: AbortSignal },
): Promise<void> {
  const { fineTune, baseURL } = endpoint;
  if (fineTune.kind !== 'command' && fineTune.baseURL === baseURL) await addVersion(service, memo, signal);
}

/**
 * Asks the training service of an endpoint one free question, with its key: whether it trains. Trainers that are no
 * such service are not asked.
 *
 * @throws EndpointRefused for one that does not, with what to do; UsageError when its key is missing. One that does not
 *   answer the question passes: sending a job shows.
 */
export async function requireTraining(endpoint: ResolvedEndpoint, question: TrainingQuestion): Promise<void> {
  if (endpoint.kind === 'embedded' || endpoint.fineTune.kind !== 'openai') return;
  const { resolveKey, signal, memo = forgetful } = question;
  if (question.service) return requireOffer(question.service, question);
  const { timeoutSeconds, revision } = endpoint;
  const service = connectService(endpoint, revision, {
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(resolveKey === undefined ? {} : { resolveKey }),
  });
  if (service === null) return;
  try {
    await addTrainersVersion(service, endpoint, { memo, signal });
    await requireOffer(service, question);
  } finally {
    await service.close();
  }
}

/** Where there is no memo. */
const forgetful = { get: () => Promise.resolve(undefined), put: () => Promise.resolve() };

/** One that trains is not asked again in this workspace; one that does not is, for it may have been mended. */
async function requireOffer(service: Connection, { memo, signal, retry }: TrainingQuestion): Promise<void> {
  const { endpoint } = service;
  const key = contentHash(['trains', endpoint.identity]);
  if (z.literal(true).safeParse(await memo?.get(key)).success) return;
  const offer = await askTrainingOffer(service, signal, retry);
  if (offer.kind === 'none') throw new EndpointRefused(cannotTrain(endpoint, offer.said));
  if (offer.kind === 'trains') await memo?.put(key, true);
}

/** Why nothing can be trained with an endpoint, in sentences that say what to do; `null`: it trains, or has not said. */
export async function whyNoTraining(endpoint: ResolvedEndpoint, question: TrainingQuestion): Promise<string | null> {
  try {
    await requireTraining(endpoint, question);
    return null;
  } catch (error) {
    if (error instanceof UsageError || error instanceof EndpointRefused) return error.message;
    throw error;
  }
}
