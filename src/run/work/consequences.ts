/** What a run means beyond this machine: where data and keys go and whether it costs money. */
import { remoteHost } from '../../config/endpoint.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { codeReadersOf, trains as trainsIn } from '../../config/steps.ts';
import { answeringService, hostingOf, trainingService } from '../../config/trainer.ts';
import type { Service } from '../../config/trainer.ts';
import { headerVariablesIn } from '../../otlp/target.ts';
import type { OtlpTarget } from '../../otlp/target.ts';

/** What is to be done: a run; the few calls of its estimate (`--dry-run`); one evaluation. The last two train nothing. */
export type Work = 'run' | 'estimate' | 'evaluation';

/** A key, by its environment variable, and a host that it goes to: `LAB_KEY`, `gpu-box:8000`. */
export interface KeyUse {
  readonly env: string;
  readonly host: string;
  /** On this machine. */
  readonly isLocal: boolean;
}

export interface Consequences {
  /** Where the rows' contents go as prompts; `null`: they stay on this machine. */
  readonly promptsTo: string | null;
  /** Where LMs that the program's author named may be asked, with whatever the program shows them. */
  readonly servicesTo: readonly string[];
  /** Where steps that read the program's code send it. */
  readonly codeTo: readonly string[];
  /** Where training rows go; `null`: they stay, or nothing is trained. */
  readonly rowsTo: string | null;
  /** Where adapters are loaded that were trained elsewhere; `null`: on this machine, or none are. */
  readonly adaptersTo: string | null;
  /** The keys that are sent, each with every host it goes to. */
  readonly keys: readonly KeyUse[];
  /** Those that are sent only where the program asks an LM there. */
  readonly serviceKeys: readonly KeyUse[];
  readonly costsMoney: boolean;
  /** Where tuned models are deployed while they are asked, at a price for the time; `null`: nothing is deployed. */
  readonly deploysAt: { readonly host: string; readonly isLocal: boolean; readonly usdPerHour: number } | null;
  /** Where spans of the work are sent, with prompts, answers and rows or without; `null`: nowhere, or on this machine. */
  readonly tracesTo: { readonly host: string; readonly content: boolean } | null;
}

/** @param otlp where spans are to be sent; an estimate sends none. */
export function consequencesOf(
  config: ResolvedProgram,
  work: Work = 'run',
  otlp: OtlpTarget | null = null,
): Consequences {
  const { endpoint } = config;
  const trains = work === 'run' && trainsIn(config);
  const services = config.services ?? [];
  const prices = [endpoint, ...services]
    .flatMap((each) => Object.values(each.prices ?? {}))
    .flatMap((price) => Object.values(price));
  const deploysAt = work === 'estimate' ? null : deploymentsOf(endpoint);
  const costsMoney = deploysAt !== null || prices.some((price) => (price ?? 0) > 0);
  const trainer = trains ? trainingService(endpoint) : null;
  const answering = answeringService(endpoint);
  const promptsTo = hostOf(answering);
  const others = services.map(hostOf).filter((host) => host !== null);
  const traced = work === 'estimate' ? null : otlp;
  const keys = distinct([...[answering, trainer].flatMap(keyUse), ...headerUse(traced)]);
  return {
    promptsTo,
    servicesTo: [...new Set(others)].filter((host) => host !== promptsTo),
    codeTo: work === 'run' ? codeHosts(config, answering) : [],
    rowsTo: hostOf(trainer),
    adaptersTo: trains && endpoint.kind === 'openai' && endpoint.loraServing !== 'none' ? promptsTo : null,
    keys,
    serviceKeys: distinct(services.flatMap(keyUse)).filter((use) => !keys.some((known) => isSameKeyUse(known, use))),
    costsMoney,
    deploysAt,
    tracesTo: tracesTo(traced),
  };
}

function tracesTo(otlp: OtlpTarget | null): Consequences['tracesTo'] {
  const host = otlp === null ? null : remoteHost(otlp.url);
  return otlp === null || host === null ? null : { host, content: otlp.content };
}

/** What the environment names as headers for spans, a key as a rule, goes to the one address that spans go to. */
function headerUse(otlp: OtlpTarget | null): readonly KeyUse[] {
  if (otlp === null) return [];
  const { host } = new URL(otlp.url);
  return headerVariablesIn(process.env).map((env) => ({ env, host, isLocal: remoteHost(otlp.url) === null }));
}

function deploymentsOf(endpoint: ResolvedProgram['endpoint']): Consequences['deploysAt'] {
  const hosting = hostingOf(endpoint);
  const service = hosting === null ? null : trainingService(endpoint);
  if (hosting === null || service === null) return null;
  const { host } = new URL(service.baseURL);
  return { host, isLocal: remoteHost(service.baseURL) === null, usdPerHour: hosting.usdPerHour };
}

/** An endpoint that no step may ask is left out: such a run is refused. */
function codeHosts(config: ResolvedProgram, own: Service | null): readonly string[] {
  const { endpoint, services = [] } = config;
  const all = [endpoint.name, ...services.map(({ name }) => name)];
  const asked = [...codeReadersOf(config).values()].flatMap((named) =>
    named === 'any' ? all : named.length === 0 ? [endpoint.name] : named,
  );
  const known = asked.map((name) => (name === endpoint.name ? own : services.find((one) => one.name === name)) ?? null);
  return [...new Set(known.map(hostOf).filter((host) => host !== null))];
}

/** The hosts that need the user's consent. */
export function hostsOf({ promptsTo, servicesTo, rowsTo }: Consequences): readonly string[] {
  return [...new Set([promptsTo, ...servicesTo, rowsTo].filter((host) => host !== null))];
}

/**
 * All that needs the user's consent, as it is kept: hosts that data goes to, `the program's code to gpu-box:8000` where a
 * step reads it, `deployments at gpu-box:8000`, `traces to lens:4318`, and `LAB_KEY to gpu-box:8000` for keys. What stays on this machine needs none.
 */
export function agreementsOf(consequences: Consequences): readonly string[] {
  const { keys, serviceKeys, deploysAt } = consequences;
  const uses = [...keys, ...serviceKeys].filter(({ isLocal }) => !isLocal);
  const code = consequences.codeTo.map((host) => `the program's code to ${host}`);
  const deployed = deploysAt === null || deploysAt.isLocal ? [] : [`deployments at ${deploysAt.host}`];
  return [
    ...hostsOf(consequences),
    ...code,
    ...deployed,
    ...tracesAgreed(consequences),
    ...uses.map(({ env, host }) => `${env} to ${host}`),
  ];
}

/** Metadata alone is not what contents are: who agreed to the one is asked about the other. */
function tracesAgreed({ tracesTo }: Consequences): readonly string[] {
  if (tracesTo === null) return [];
  return [`traces${tracesTo.content ? ' with their contents' : ''} to ${tracesTo.host}`];
}

function hostOf(service: Service | null): string | null {
  return service === null ? null : remoteHost(service.baseURL);
}

function keyUse(service: Service | null): readonly KeyUse[] {
  if (service === null || service.apiKeyEnv === null) return [];
  const { baseURL, apiKeyEnv: env } = service;
  return [{ env, host: new URL(baseURL).host, isLocal: remoteHost(baseURL) === null }];
}

function distinct(uses: readonly KeyUse[]): readonly KeyUse[] {
  return uses.filter((use, i) => !uses.slice(0, i).some((earlier) => isSameKeyUse(earlier, use)));
}

export function isSameKeyUse(a: KeyUse, b: KeyUse): boolean {
  return a.env === b.env && a.host === b.host;
}
