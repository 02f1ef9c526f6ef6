/** A job as its service tells of it, read and cancelled. */
import { shown } from '../../base/keys.ts';
import { CallRejected, UnknownJob } from '../../engine/errors.ts';
import type { JobEvent, JobStatus } from '../../engine/interfaces.ts';
import { reasonOf, trainedTokensIn } from './jobEvents.ts';
import type { WireEvent } from './jobEvents.ts';
import { isPaused, jobState } from './stateWords.ts';
import { isUnknown } from './serviceClient.ts';
import type { ServiceClient } from './serviceClient.ts';

/**
 * @param read one request for the job.
 * @throws UnknownJob when the service does not know the job (any more).
 */
export function readJob<T>(
  client: ServiceClient,
  jobId: string,
  read: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  return client.ask(`fine-tuning job "${jobId}"`, signal, async (attempt) => {
    try {
      return await read(attempt);
    } catch (error) {
      throw isUnknown(error) ? unknownJob(client, jobId, error.message) : error;
    }
  });
}

export function unknownJob(client: ServiceClient, id: string, said: string): UnknownJob {
  return new UnknownJob(`${client.who} does not know fine-tuning job "${id}" (any more): ${shown(said)}`);
}

/** What a service said of a job. */
export interface JobReading {
  /** In the service's own words. */
  readonly status: string;
  /** The name of the tuned model; '' and `null`: none is named. */
  readonly model: string | null | undefined;
  /** As reported. */
  readonly trainedTokens: unknown;
  /** Where services say why a job failed, the likeliest first. */
  readonly said: readonly (string | null | undefined)[];
  /** Since the last event that is known, oldest first. */
  readonly events: readonly JobEvent[];
  /** The same as they came; one of them may say why the job failed. */
  readonly news: readonly Pick<WireEvent, 'level' | 'message'>[];
}

export function statusOf(client: ServiceClient, jobId: string, reading: JobReading): JobStatus {
  const { status, events, said, news } = reading;
  sayPaused(client, jobId, status);
  const state = jobState(status);
  const tokens = trainedTokensIn(reading.trainedTokens);
  if (tokens === undefined) sayTokensRefused(client, jobId);
  const model = reading.model ?? '';
  if (state === 'succeeded' && model === '') {
    return { state: 'failed', events, error: 'The service says the job succeeded, but names no model.' };
  }
  return {
    state,
    events,
    ...(state === 'succeeded' ? { model } : {}),
    ...(tokens == null ? {} : { trainedTokens: tokens }),
    ...(state === 'failed' ? { error: reasonOf(said, news) } : {}),
  };
}

/** Notifies the user of a job that nothing here can make go on. */
function sayPaused(client: ServiceClient, jobId: string, status: string): void {
  if (!isPaused(status)) return;
  client.warnOnce(
    `${client.who} says that job ${jobId} is "${shown(status)}". Let it go on there, or cancel it there: the run waits for it.`,
  );
}

function sayTokensRefused(client: ServiceClient, jobId: string): void {
  client.warnOnce(
    `${client.who} reports a number of trained tokens for job ${jobId} that cannot be. ` +
      'It is not taken: the job counts against a cap at its worst.',
  );
}

/** A job that has ended cannot be cancelled any more, and one that is not known need not be: that is as good. */
export async function cancelJob(
  client: ServiceClient,
  jobId: string,
  cancel: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const request = async (attempt: AbortSignal) => {
    try {
      await cancel(attempt);
    } catch (error) {
      if (!isUnknown(error)) throw error;
    }
  };
  try {
    await client.ask(`fine-tuning job "${jobId}"`, AbortSignal.timeout(30_000), request);
  } catch (error) {
    if (!(error instanceof CallRejected)) throw error;
  }
}
