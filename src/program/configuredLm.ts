/** The LM of `configure`, which a program asks on its own: as a run asks it, so that it answers as it was scored. */
import type { OpenAI } from 'openai';
import { HumanError, messageOf } from '../base/errors.ts';
import type { JsonValue } from '../base/json.ts';
import { shown } from '../base/keys.ts';
import type { Capabilities, LmAnswer, LmCall, Sampling } from '../data/lm.ts';
import { jsonOf } from '../wire/answerBody.ts';
import { askWithout, type BlamesPart } from '../wire/askWithout.ts';
import { completionIn, type Completion } from '../wire/completion.ts';
import { refusalIn, type Refusal } from '../wire/refusedPart.ts';
import { buildRequest, maxTokensKeyOf, type LmRequest } from '../wire/requestBody.ts';
import type { RequestPart } from '../wire/requestParts.ts';
import { saidIn } from '../wire/saidIn.ts';
import { serviceSaid, type ServiceSaid } from '../wire/serviceSaid.ts';
import { isStreamed } from '../wire/streamedAnswer.ts';
import { connect, type ClientConfiguration } from './configuredClient.ts';

/** As much of a `Configuration` as says how an LM is asked. */
export interface LmConfiguration extends ClientConfiguration {
  readonly sampling?: Partial<Sampling>;
  readonly request?: Readonly<Record<string, JsonValue>>;
  readonly capabilities?: Partial<Capabilities>;
}

/** The paper's sampling. */
const paperSampling: Sampling = { temperature: 0.1, topP: 0.97, maxTokens: 1024 };

const noCapabilities: Capabilities = {
  completions: false,
  continueFinal: false,
  structuredChoice: false,
  jsonSchema: false,
};

/**
 * What the service refuses is left out from then on, as in a run; nothing is said of it here, for the run has said it.
 *
 * @returns what completes calls; it rejects with HumanError when there is no answer.
 */
export function configuredLm(configuration: LmConfiguration): (call: LmCall) => Promise<LmAnswer> {
  const client = lazily(() => connect(configuration));
  const refusedOf = new Map<string, Set<RequestPart>>();
  const version: Version = { path: '' };
  return async (call) => {
    const began = performance.now();
    const learned = refusedOf.get(call.model) ?? new Set();
    refusedOf.set(call.model, learned);
    const learning = { known: learned, blames, learn: (part: RequestPart) => void learned.add(part) };
    const { text, finishReason, usage } = await explained(configuration, async () =>
      askWithout(learning, async (refused) => ask(await client(), requestOf(configuration, call, refused), version)),
    );
    const seconds = (performance.now() - began) / 1000;
    return { text, finishReason, usage, key: '', model: call.model, cached: false, seconds };
  };
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

function requestOf(configuration: LmConfiguration, call: LmCall, refused: ReadonlySet<RequestPart>): LmRequest {
  return buildRequest(call, {
    sampling: { ...paperSampling, ...configuration.sampling },
    capabilities: { ...noCapabilities, ...configuration.capabilities },
    refused,
    rollout: { round: 0, repeat: 0 },
    maxTokensKey: maxTokensKeyOf(configuration.baseURL),
    ...(configuration.request === undefined ? {} : { furtherKeys: configuration.request }),
  });
}

/** The package's error, with what the service said by it. */
class ServiceError extends Error {
  override readonly name = 'ServiceError';
  /** `null`: no part of the request is to blame. */
  readonly refusal: Refusal | null;

  constructor(message: string, refusal: Refusal | null, cause: unknown) {
    super(message, { cause });
    this.refusal = refusal;
  }
}

const blames = (error: unknown): error is ServiceError & BlamesPart =>
  error instanceof ServiceError && error.refusal !== null;

type Answer = Pick<Completion, 'finishReason' | 'usage'> & { readonly text: string };

/** @throws ServiceError where the service spoke of it. */
async function ask(client: OpenAI, request: LmRequest, version: Version): Promise<Answer> {
  try {
    return await answerTo(client, request, version);
  } catch (error) {
    const said = serviceSaid(error);
    if (said === null) throw error;
    throw new ServiceError(wordsFor(said), refusalIn(request, said.status, said.words), error);
  }
}

/** `/v1` where the base URL lacks it and the service answers there alone. */
interface Version {
  path: '' | '/v1';
}

async function answerTo(client: OpenAI, request: LmRequest, version: Version): Promise<Answer> {
  try {
    return await answerAt(client, `${version.path}${request.path}`, request);
  } catch (error) {
    const isElsewhere = isNotThere(error) && version.path === '' && !/\/v\d/.test(new URL(client.baseURL).pathname);
    if (!isElsewhere) throw error;
    const answer = await answerAt(client, `/v1${request.path}`, request).catch((there: unknown) => {
      throw isNotThere(there) ? error : there;
    });
    version.path = '/v1';
    return answer;
  }
}

async function answerAt(client: OpenAI, path: string, request: LmRequest): Promise<Answer> {
  const body = { ...request.body, stream: request.body['stream'] === true };
  const raw = await (await client.post(path, { body }).asResponse()).text();
  const answered = saidIn(completionIn(isStreamed(raw) ? raw : (jsonOf(raw) ?? raw)), request);
  const { text, whyNoText, finishReason, usage } = answered;
  if (text === null) throw new Error(`it answered without text (${whyNoText ?? 'unknown'})`);
  return { text, finishReason, usage };
}

/** Where a redirect leads is said in its stead. */
function wordsFor({ status, words, text, headers, begun }: ServiceSaid): string {
  if (begun !== null) return words.text;
  const location = status >= 300 && status < 400 ? (headers?.get('location') ?? null) : null;
  return location === null ? text : `it redirects to ${location}`;
}

/** LM Studio says so with status 200. */
const isNotThere = (error: unknown): boolean => serviceSaid(error)?.status === 404;

async function explained<T>({ baseURL }: LmConfiguration, asked: () => Promise<T>): Promise<T> {
  try {
    return await asked();
  } catch (error) {
    // Programs look at the package's error: its status, say.
    const cause = error instanceof ServiceError ? error.cause : error;
    throw new HumanError(`The LM at ${baseURL} (see configure) did not answer: ${shown(messageOf(error), 1000)}`, {
      cause,
    });
  }
}
