/** What trains for an endpoint, as something to connect to; and whether it trains at all. */
import * as z from 'zod';
import type { ResolvedEndpoint } from '../../config/resolved.ts';
import { contentHash } from '../../base/contentHash.ts';
import { messageOf, UsageError } from '../../base/errors.ts';
import { clusterResponseBytesAtMost } from '../../base/limits.ts';
import { EndpointRefused, EndpointUnavailable } from '../../engine/errors.ts';
import { whyNotStarted } from '../../finetune/command/program.ts';
import { requireJobsApi } from '../../finetune/ray/jobsApi.ts';
import { askTrainingOffer, cannotTrain } from '../../finetune/openai/trainingOffer.ts';
import type { ResolvedTrainer } from '../../finetune/settings.ts';
import { connect } from '../../lm/connection.ts';
import type { Connection, ConnectionOptions } from '../../lm/connection.ts';
import { defineEndpoint } from '../../lm/endpoint.ts';
import type { Memo } from '../../lm/memo.ts';
import { addVersion } from '../../lm/versionedBase.ts';
import type { RetryOptions } from '../../lm/retry.ts';

type RemoteFineTune = Extract<ResolvedTrainer, { baseURL: string }>;

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
 * Whether what is to train for an endpoint can: a service and a Ray cluster are asked one free question, with the key; of
 * a command it is looked at whether it can be started.
 *
 * @throws EndpointRefused for a service that does not, with what to do; EndpointUnavailable for a cluster that does not
 *   answer; UsageError for a command that cannot be started, or when a key is missing. A service that does not answer the
 *   question passes: sending a job shows.
 */
export async function requireTraining(endpoint: ResolvedEndpoint, question: TrainingQuestion): Promise<void> {
  const { fineTune, name } = endpoint;
  if (fineTune === undefined) return;
  if (fineTune.kind === 'command') return requireCommand(name, fineTune);
  const requireIt = fineTune.kind === 'ray' ? requireCluster : requireOffer;
  if (question.service) return requireIt(question.service, question);
  const service = connectService(endpoint, revisionOf(endpoint), connectionOf(endpoint, question));
  if (service === null) return;
  try {
    const { signal, memo = forgetful } = question;
    if (endpoint.kind === 'openai') await addTrainersVersion(service, endpoint, { memo, signal });
    await requireIt(service, question);
  } finally {
    await service.close();
  }
}

const revisionOf = (endpoint: ResolvedEndpoint): string | null =>
  endpoint.kind === 'embedded' ? null : endpoint.revision;

function connectionOf(endpoint: ResolvedEndpoint, { resolveKey }: TrainingQuestion): ConnectionOptions {
  const { timeoutSeconds } = endpoint.kind === 'embedded' ? {} : endpoint;
  return {
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(resolveKey === undefined ? {} : { resolveKey }),
  };
}

/** @throws UsageError naming the setting. */
function requireCommand(endpoint: string, fineTune: Extract<ResolvedTrainer, { kind: 'command' }>): void {
  const why = whyNotStarted({ ...fineTune, endpoint });
  if (why !== null) throw new UsageError(why);
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

/** The same of a Ray cluster. */
async function requireCluster(service: Connection, { memo, signal, retry = {} }: TrainingQuestion): Promise<void> {
  const key = contentHash(['takes jobs', service.endpoint.identity]);
  if (z.literal(true).safeParse(await memo?.get(key)).success) return;
  await requireJobsApi(service, signal, retry);
  await memo?.put(key, true);
}

/** Why nothing can be trained with an endpoint, in sentences that say what to do; `null`: it trains, or has not said. */
export async function whyNoTraining(endpoint: ResolvedEndpoint, question: TrainingQuestion): Promise<string | null> {
  try {
    await requireTraining(endpoint, question);
    return null;
  } catch (error) {
    const said = [UsageError, EndpointRefused, EndpointUnavailable].some((kind) => error instanceof kind);
    if (said) return messageOf(error);
    throw error;
  }
}
