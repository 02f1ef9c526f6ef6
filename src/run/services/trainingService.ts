/** What trains for an endpoint, as something to connect to; and whether it trains at all. */
import type { ResolvedEndpoint } from '../../config/resolved.ts';
import { trainingService } from '../../config/trainer.ts';
import { messageOf, UsageError } from '../../base/errors.ts';
import { given } from '../../base/given.ts';
import { EndpointRefused, EndpointUnavailable } from '../../engine/errors.ts';
import { backEndOf } from '../../finetune/backEnds.ts';
import { connect } from '../../lm/connection.ts';
import type { Connection, ConnectionOptions } from '../../lm/connection.ts';
import { defineEndpoint, trainerName } from '../../lm/endpoint.ts';
import type { Memo } from '../../lm/memo.ts';
import { addVersion } from '../../lm/versionedBase.ts';
import type { FurtherHeaders } from '../../data/requestHeaders.ts';
import type { RetryOptions } from '../../lm/retry.ts';

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
  const service = trainingService(endpoint);
  if (fineTune === undefined || service === null) return null;
  const { responseBytes } = backEndOf(fineTune);
  const headers = headersFor(service.baseURL, endpoint);
  return connect(defineEndpoint({ name: trainerName(name), ...service, revision, ...given({ headers }) }), {
    ...given({ responseBytes }),
    ...options,
  });
}

/** Headers are for the server that they were written for, as its key is. */
function headersFor(baseURL: string, endpoint: ResolvedEndpoint): FurtherHeaders | undefined {
  const isSame = endpoint.kind === 'openai' && new URL(endpoint.baseURL).origin === new URL(baseURL).origin;
  return isSame ? endpoint.headers : undefined;
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
  if (trainingService(endpoint)?.baseURL === endpoint.baseURL) await addVersion(service, memo, signal);
}

/**
 * Whether what is to train for an endpoint can, found out at no cost and with the key: see `BackEnd.require`.
 *
 * @throws what that throws; UsageError when a key is missing.
 */
export async function requireTraining(endpoint: ResolvedEndpoint, question: TrainingQuestion): Promise<void> {
  const { fineTune, name } = endpoint;
  if (fineTune === undefined) return;
  const { signal, memo = forgetful, retry } = question;
  const requireAt = (service: Connection | null): Promise<void> =>
    backEndOf(fineTune).require(fineTune, { endpoint: name, service, memo, signal, ...given({ retry }) });
  if (question.service) return requireAt(question.service);
  const service = connectService(endpoint, revisionOf(endpoint), connectionOf(endpoint, question));
  try {
    if (service !== null && endpoint.kind === 'openai') await addTrainersVersion(service, endpoint, { memo, signal });
    await requireAt(service);
  } finally {
    await service?.close();
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

/** Where there is no memo. */
const forgetful = { get: () => Promise.resolve(undefined), put: () => Promise.resolve() };

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
