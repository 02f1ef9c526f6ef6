/**
 * The endpoints besides a run's own: LMs that a DSPy program names itself (a judge, a predictor's own), or a step, are asked there,
 * each service with its own key, concurrency, prices and retries, all under the run's memo and cap.
 */
import type { ResolvedProgram, ResolvedService } from '../../config/resolved.ts';
import { answeringService, trainingService } from '../../config/trainer.ts';
import { given } from '../../base/given.ts';
import { UsageError } from '../../base/errors.ts';
import type { Capabilities, LmAnswer, LmCall, Rollout } from '../../data/lm.ts';
import type { BudgetGate, Caps } from '../../engine/budget.ts';
import { CallRejected, EndpointUnavailable } from '../../engine/errors.ts';
import { editorName } from '../../data/editorEndpoint.ts';
import { windowOn } from '../../home/editorWindows.ts';
import type { LanguageModel } from '../../engine/interfaces.ts';
import type { Connection } from '../../lm/connection.ts';
import { connect } from '../../lm/connection.ts';
import { defineEndpoint } from '../../lm/endpoint.ts';
import type { Endpoint } from '../../lm/endpoint.ts';
import { createLanguageModel } from '../../lm/languageModel.ts';
import type { Memo } from '../../lm/memo.ts';
import type { Refusals } from '../../lm/refusals.ts';
import type { RetryOptions } from '../../lm/retry.ts';
import { priceOf } from '../../lm/prices.ts';
import { addVersion } from '../../lm/versionedBase.ts';
import { followWindow } from './editorWindow.ts';
import { probeOnce, refusalsOf } from './endpointSession.ts';

export interface OtherEndpointsRequest {
  /** The folder of the run: a window that has it open answers for the editor's models. */
  readonly workspace: string;
  readonly config: Pick<ResolvedProgram, 'endpoint' | 'services' | 'sampling'>;
  readonly caps: Caps;
  readonly memo: Memo;
  readonly gate: BudgetGate;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  readonly warn: (message: string) => void;
  /** Every answer, paid or not, with its endpoint. */
  readonly onAnswer: (answer: LmAnswer) => void;
}

/** Nothing is opened, and no key is looked for, before the first call: which of them a program asks, only its calls say. */
export class OtherEndpoints {
  readonly #request: OtherEndpointsRequest;
  readonly #open = new Map<string, Service>();

  constructor(request: OtherEndpointsRequest) {
    this.#request = request;
  }

  /** `main`, but for calls that name another endpoint. */
  behind(main: LanguageModel): LanguageModel {
    return {
      complete: async (call, rollout, signal) => {
        const { name } = this.#request.config.endpoint;
        const isOwn = call.endpoint === undefined || call.endpoint === name;
        const asked = isOwn ? main : this.#service(call.endpoint);
        return asked.complete(call, rollout, signal);
      },
    };
  }

  /**
   * Opens those that are certain to be asked, which takes no call.
   *
   * @param names the run's own may be among them.
   * @throws UsageError where the key of one is not set, or is another service's; EndpointUnavailable where the editor's
   *   models are to be asked and no window answers for them.
   */
  open(names: readonly string[]): void {
    for (const name of names) if (name !== this.#request.config.endpoint.name) this.#service(name).requireThere();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((service) => service.close()));
  }

  #service(name: string): Service {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const settings = this.#request.config.services?.find((service) => service.name === name);
    if (settings === undefined) {
      throw new CallRejected(`The program asks an LM at endpoint "${name}", which this run does not have.`);
    }
    checkKey(settings, this.#request.config);
    const service = new Service(settings, this.#request);
    this.#open.set(name, service);
    return service;
  }
}

/** A window that is loaded anew is away for some seconds; who closed it is told soon that the run waits for it. */
const awaySeconds = 30;

/** What every endpoint can do. */
const chatsAlone: Capabilities = {
  completions: false,
  continueFinal: false,
  structuredChoice: false,
  jsonSchema: false,
};

/** Whether what an endpoint can do makes no difference to a call. */
function isPlainChat({ prompt, guide }: LmCall): boolean {
  return guide === undefined && prompt.kind === 'chat' && (prompt.opened ?? '') === '';
}

class Service implements LanguageModel {
  readonly #settings: ResolvedService;
  readonly #request: OtherEndpointsRequest;
  readonly #connection: Connection;
  readonly #lm: LanguageModel;
  readonly #refusals: Refusals;
  #capabilities = chatsAlone;
  #probing: Promise<Capabilities> | null = null;
  #placed: Promise<void> | null = null;
  #unfollow: () => void = () => undefined;

  /** @throws UsageError when the endpoint names a key that is not set. */
  constructor(settings: ResolvedService, request: OtherEndpointsRequest) {
    this.#settings = settings;
    this.#request = request;
    const { timeoutSeconds } = settings;
    const wait = timeoutSeconds === undefined ? {} : { timeoutSeconds };
    this.#connection = connect(endpointOfService(settings, request.workspace), wait);
    if (settings.editor === true) this.#unfollow = followWindow(this.#connection, request);
    this.#refusals = refusalsOf(this.#connection, request.memo, request.signal);
    this.#lm = this.#languageModel();
  }

  /** @throws UsageError for a model without a price under a dollar cap: it could not hold. */
  async complete(call: LmCall, rollout: Rollout, signal: AbortSignal): Promise<LmAnswer> {
    const { name, prices } = this.#settings;
    if (this.#request.caps.usd !== null && priceOf(prices, call.model, null) === null) {
      throw new UsageError(
        `The cap of $${this.#request.caps.usd} cannot hold: the program asks "${call.model}" at endpoint "${name}", ` +
          `which has no price. Add it under endpoints.${name}.prices in bettertogether.json, or cap calls or tokens.`,
      );
    }
    await (this.#placed ??= this.#place());
    if (!isPlainChat(call)) this.#capabilities = await this.#probed(call.model);
    return this.#told(await this.#lm.complete(call, rollout, signal));
  }

  /** @throws EndpointUnavailable */
  requireThere(): void {
    const { name, editor } = this.#settings;
    const { workspace } = this.#request;
    if (editor !== true || windowOn(workspace) !== null) return;
    throw new EndpointUnavailable(
      `Endpoint "${name}" asks the ${editorName}, and no window has ${workspace} open: open it in VS Code, with ` +
        'BetterTogether and in a trusted window, and start again.',
    );
  }

  close(): Promise<void> {
    this.#unfollow();
    return this.#connection.close();
  }

  #languageModel(): LanguageModel {
    const { memo, gate, config, warn, onAnswer } = this.#request;
    const { concurrency, prices } = this.#settings;
    const capabilities = (): Capabilities => this.#capabilities;
    const answered = (answer: LmAnswer): void => {
      onAnswer(this.#told(answer));
    };
    return createLanguageModel({
      connection: this.#connection,
      get capabilities() {
        return capabilities();
      },
      refusals: this.#refusals,
      sampling: config.sampling,
      memo,
      gate,
      concurrency,
      retry: this.#retry(),
      prices,
      onWarning: warn,
      onPaid: answered,
      onCached: answered,
    });
  }

  async #place(): Promise<void> {
    if (this.#settings.editor === true) return;
    const { memo, signal, warn } = this.#request;
    const said = await addVersion(this.#connection, memo, signal);
    if (said !== null) warn(said);
  }

  /** Once, and only where it matters. */
  #probed(model: string): Promise<Capabilities> {
    const { memo, gate, signal, log, onAnswer } = this.#request;
    const onPaid = (answer: LmAnswer): void => {
      onAnswer(this.#told(answer));
    };
    const account = { gate, prices: this.#settings.prices, onPaid };
    const about = { memo, account, signal, log, config: { model } };
    this.#probing ??= probeOnce(about, this.#connection, this.#retry(), this.#refusals).catch((error: unknown) => {
      this.#probing = null;
      throw error;
    });
    return this.#probing;
  }

  #retry(): RetryOptions {
    const { patienceSeconds, editor } = this.#settings;
    return { ...given({ patienceSeconds }), ...(editor === true ? { awaySeconds } : {}) };
  }

  #told(answer: LmAnswer): LmAnswer {
    return { ...answer, endpoint: this.#settings.name };
  }
}

/** @param workspace see `OtherEndpointsRequest`. */
export function endpointOfService(service: ResolvedService, workspace: string): Endpoint {
  return defineEndpoint({ ...service, ...(service.editor === true ? { editorOn: workspace } : {}) });
}

/**
 * A key belongs to one address: the variable of the run's own endpoint, of its trainer, or of one before it, is not sent
 * elsewhere.
 *
 * @throws UsageError
 */
function checkKey(
  { name, apiKeyEnv, baseURL }: ResolvedService,
  { endpoint, services = [] }: OtherEndpointsRequest['config'],
): void {
  if (apiKeyEnv === null) return;
  const own = [answeringService(endpoint), trainingService(endpoint)].filter((service) => service !== null);
  const all = [...own.map((service) => ({ ...service, name: endpoint.name })), ...services];
  const first = all.find((each) => each.apiKeyEnv === apiKeyEnv);
  if (first === undefined || new URL(first.baseURL).origin === new URL(baseURL).origin) return;
  throw new UsageError(
    `The endpoints "${first.name}" (${first.baseURL}) and "${name}" (${baseURL}) both take their key from ${apiKeyEnv}, ` +
      `and a key is for one service. Name another variable under endpoints.${name}.apiKeyEnv in bettertogether.json.`,
  );
}

/** Memo keys of services, by their names. */
export function identitiesOf(services: readonly ResolvedService[] = []): ReadonlyMap<string, string> {
  return new Map(services.map((service) => [service.name, defineEndpoint(service).identity]));
}

/** Memo keys of those services that decide a program's outcomes in ways that its source does not show. */
export function serviceIdentities(
  services: readonly ResolvedService[] | undefined,
  named: readonly (string | undefined)[],
): readonly string[] {
  return (services ?? [])
    .filter(({ name, revision, request }) => revision !== null || request !== undefined || named.includes(name))
    .map((service) => defineEndpoint(service).identity);
}
