/** Puts host, endpoint, memo, budget and trainer together for one sitting of a run. */
import { relative } from 'node:path';
import type { ResolvedProgram } from '../config/resolved.ts';
import { metricReference, programReference } from '../config/resolved.ts';
import { contentHash } from '../data/json.ts';
import type { Capabilities } from '../data/lm.ts';
import type { ProgramDescription } from '../data/program.ts';
import { Budget } from '../engine/budget.ts';
import type { Caps } from '../engine/budget.ts';
import type { LanguageModel, Trainer } from '../engine/interfaces.ts';
import type { Prices } from '../engine/usage.ts';
import { UsageMeter } from '../engine/usage.ts';
import type { ProgramHost } from '../host/hostClient.ts';
import { startNodeHost } from '../host/nodeHost.ts';
import { startPythonHost } from '../host/pythonHost.ts';
import { createLanguageModel } from '../lm/languageModel.ts';
import type { Memo } from '../lm/memo.ts';
import { priceOf, usdOfTraining, usdOfUsage } from '../lm/prices.ts';
import { bundle, pythonHostLauncher } from './bundles.ts';
import type { Closable } from './closeAll.ts';
import { closeAfter, closeAll } from './closeAll.ts';
import type { Usage } from '../protocol.ts';
import type { EndpointSession } from './endpointSession.ts';
import { openEndpoint } from './endpointSession.ts';
import { version } from './manifest.ts';

export interface ServicesRequest {
  readonly workspace: string;
  readonly config: ResolvedProgram;
  readonly caps: Caps;
  readonly memo: Memo;
  /** What earlier sittings of the run paid: against the caps, and as shown. */
  readonly spent: Budget['spent'];
  readonly usage?: Usage;
  /** Whether the strategy has a weight step. */
  readonly trains: boolean;
  /** See `EndpointRequest.capabilities`. */
  readonly capabilities?: Capabilities;
  readonly signal: AbortSignal;
  /** A line for people. */
  readonly log: (line: string) => void;
  /** Something that people should find in the run's record. */
  readonly warn: (message: string) => void;
}

export interface Services {
  readonly program: ProgramHost;
  readonly description: ProgramDescription;
  readonly endpoint: EndpointSession;
  readonly lm: LanguageModel;
  readonly trainer: Trainer | null;
  readonly budget: Budget;
  /** The whole run's. */
  readonly meter: UsageMeter;
  readonly prices: Prices;
  /** See the engine's `RunnerParts.identity`. */
  readonly identity: string;
  close(): Promise<void>;
}

/** The user's code is loaded first: its errors are the likeliest, and cost nothing. */
export async function openServices(request: ServicesRequest): Promise<Services> {
  const opened: Closable[] = [];
  try {
    const program = await startHost(request);
    opened.push(program);
    const description = await program.describe();
    const endpoint = await openEndpoint(request);
    opened.push(endpoint);
    return {
      ...assemble(request, endpoint),
      program,
      description,
      endpoint,
      close: () => closeAll(opened),
      identity: identityOf(request, description, endpoint),
    };
  } catch (error) {
    return closeAfter(error, opened);
  }
}

function startHost({ workspace, config, log }: ServicesRequest): Promise<ProgramHost> {
  const options = {
    workspace,
    program: programReference(config.program),
    metric: metricReference(config.metric),
    adapter: config.adapter,
    guided: config.guided,
    frozen: config.frozen,
    metricRange: config.metricRange,
    onLog: ({ text }: { readonly text: string }) => {
      log(text.trimEnd());
    },
  };
  return config.program.file.endsWith('.py')
    ? startPythonHost({ ...options, model: config.model, launcher: pythonHostLauncher() })
    : startNodeHost({ ...options, entry: bundle('host.js'), sdkPath: bundle('sdk.js') });
}

function assemble(request: ServicesRequest, endpoint: EndpointSession) {
  const { config, caps, spent, usage, memo, warn } = request;
  const prices = pricesOf(config);
  const budget = new Budget(caps, spent);
  const meter = new UsageMeter(prices, usage);
  const lm = createLanguageModel({
    connection: endpoint.connection,
    capabilities: endpoint.capabilities,
    sampling: config.sampling,
    memo,
    gate: budget,
    concurrency: config.endpoint.concurrency,
    prices: config.endpoint.prices,
    baseOf: () => config.model,
    onWarning: warn,
    onPaid: (answer) => {
      meter.answered(answer);
    },
    onCached: (answer) => {
      meter.answered(answer);
    },
  });
  return { lm, budget, meter, prices, trainer: endpoint.trainer };
}

function pricesOf({ endpoint, model: base }: ResolvedProgram): Prices {
  // The embedded endpoint costs electricity, not dollars.
  if (endpoint.kind === 'embedded' && endpoint.prices === null) return { ofAnswer: () => 0, ofTraining: () => 0 };
  return {
    ofAnswer: ({ model, usage }) => usdOfUsage(priceOf(endpoint.prices, model, base), usage),
    ofTraining: (model, tokens) => usdOfTraining(priceOf(endpoint.prices, model, base), tokens),
  };
}

function identityOf(request: ServicesRequest, description: ProgramDescription, endpoint: EndpointSession): string {
  const { config, workspace } = request;
  const path = (file: string) => relative(workspace, file);
  const { metric, sampling, adapter, guided, frozen, metricRange } = config;
  return contentHash({
    version,
    sources: Object.fromEntries(Object.entries(description.sources).map(([file, hash]) => [path(file), hash])),
    program: `${path(config.program.file)}#${config.program.name}`,
    metric: metric.kind === 'code' ? `${path(metric.file)}#${metric.name}` : metric,
    endpoint: endpoint.connection.endpoint.identity,
    capabilities: endpoint.capabilities,
    sampling,
    adapter,
    guided,
    frozen,
    metricRange,
  });
}
