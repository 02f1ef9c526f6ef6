/** Whether a service trains over the OpenAI wire at all, found out by one free question, before anything is paid. */
import { CallRejected, EndpointRefused, EndpointUnavailable } from '../../engine/errors.ts';
import { shown } from '../../base/keys.ts';
import type { Connection } from '../../lm/connection.ts';
import type { Endpoint } from '../../lm/endpoint.ts';
import type { RetryOptions } from '../../lm/retry.ts';
import { PlainClient, wordsOf } from '../base/plainRequest.ts';
import type { PlainAnswer } from '../base/plainRequest.ts';

export type TrainingOffer =
  | { readonly kind: 'trains' }
  /** `said`: the service's own words. */
  | { readonly kind: 'none'; readonly said: string }
  /** It did not answer the question: a key that may not ask it, a fault. Sending a job shows. */
  | { readonly kind: 'unknown' };

const what = 'the list of fine-tuning jobs';

/** Asks for the list of fine-tuning jobs. */
export async function askTrainingOffer(
  connection: Connection,
  signal: AbortSignal,
  retry: RetryOptions = {},
): Promise<TrainingOffer> {
  // Before anything has begun, waits are short.
  const patience = { ...retry, patienceSeconds: Math.min(20, retry.patienceSeconds ?? 20) };
  const client = new PlainClient(connection, 'The training service of', patience);
  const url = `${connection.endpoint.baseURL}/fine_tuning/jobs?limit=1`;
  const take = ({ status }: PlainAnswer) => hasNoRoute(status);
  try {
    return offerOf(await client.ask({ method: 'GET', url, what, take }, signal));
  } catch (error) {
    const said = [EndpointRefused, EndpointUnavailable, CallRejected].some((kind) => error instanceof kind);
    if (said) return { kind: 'unknown' };
    throw error;
  }
}

/** Not there, gone, or not with this method; 501 is how some say that it is not implemented. */
export function hasNoRoute(status: number | undefined): boolean {
  return status !== undefined && [404, 405, 410, 501].includes(status);
}

function offerOf({ status, text, headers }: PlainAnswer): TrainingOffer {
  // Jobs can be made there, and only not be listed.
  if (status === 405 && /\bPOST\b/i.test(headers.get('allow') ?? '')) return { kind: 'trains' };
  if (status >= 300) return { kind: 'none', said: saidWith(status, wordsOf(text)) };
  const answer = jsonIn(text);
  // Some servers answer whatever they do not know with 200, and their start page or an error in it.
  if (answer === null) return { kind: 'none', said: 'it answers with something else than a list of jobs' };
  return 'error' in answer && !('data' in answer) ? { kind: 'none', said: wordsOf(text) } : { kind: 'trains' };
}

function saidWith(status: number, words: string): string {
  return words.startsWith(String(status)) ? words : `${status} ${words}`.trim();
}

function jsonIn(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

/** The message on a service that does not train, and what they can do. */
export function cannotTrain({ name, baseURL }: Pick<Endpoint, 'name' | 'baseURL'>, said: string): string {
  return (
    `The training service of "${name}" (${baseURL}) cannot train: it has no fine-tuning jobs (${shown(said, 200)}). ` +
    `Search prompts alone with --strategy p, or say in endpoints.${name} what trains: the "baseURL" of another ` +
    'service, or another "kind" of trainer (docs/training-back-ends.md).'
  );
}
