/** Puts host, endpoint, memo, budget and trainer together for one session of a run. */
import { relative } from 'node:path';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { languages } from '../../data/language.ts';
import { languageOfProgram } from '../../config/resolved.ts';
import { endpointsOf } from '../../config/steps.ts';
import { contentHash } from '../../base/contentHash.ts';
import type { Capabilities } from '../../data/lm.ts';
import type { LiveRows, ProgramDescription } from '../../data/program.ts';
import { Budget } from '../../engine/budget.ts';
import type { Caps, SpendLedger } from '../../engine/budget.ts';
import type { LanguageModel, Trainer } from '../../engine/interfaces.ts';
import { outcomesMean } from '../../engine/meaning.ts';
import type { OptimizerCode } from '../../engine/optimizerCode.ts';
import type { Teleprompter } from '../../engine/teleprompter.ts';
import type { Prices } from '../../engine/usage.ts';
import { UsageMeter } from '../../engine/usage.ts';
import type { HostClient, ProgramHost } from '../../host/hostClient.ts';
import { HostPool } from '../../host/hostPool.ts';
import { createLanguageModel } from '../../lm/languageModel.ts';
import type { Memo } from '../../lm/memo.ts';
import type { Closable } from './closeAll.ts';
import { closeAfter, closeAll } from './closeAll.ts';
import type { Usage } from '../../protocol.ts';
import type { EndpointSession } from './endpointSession.ts';
import { openEndpoint, retryOf } from './endpointSession.ts';
import { quietProgram } from './quietProgram.ts';
import { FileSurroundings } from '../surroundings/surroundings.ts';
import { loadOwnOptimizers, noOptimizers } from './ownOptimizers.ts';
import { identitiesOf, OtherEndpoints, serviceIdentities } from './otherEndpoints.ts';
import { runPrices } from './prices.ts';
import { hostStartOf, programHosts } from './programHosts.ts';
import { loadTeleprompters, noTeleprompters } from './teleprompters.ts';
import { TunedModels } from './tunedModels.ts';

export interface ServicesRequest {
  readonly workspace: string;
  readonly config: ResolvedProgram;
  /** See `InitializeParams.rows`. */
  readonly live: LiveRows;
  readonly caps: Caps;
  readonly memo: Memo;
  /** What earlier sessions of the run paid: against the caps, and as shown. */
  readonly spent: Budget['spent'];
  /** Where what is spent now is kept; without one it is forgotten with the process. */
  readonly ledger?: SpendLedger;
  readonly usage?: Usage;
  /** Steps are taken: the optimizers that they name are loaded for them. */
  readonly takesSteps?: true;
  /** Whether the strategy has a weight step. */
  readonly trains: boolean;
  /** See `EndpointRequest.mustTrain`. */
  readonly mustTrain?: boolean;
  /** See `EndpointRequest.deploys`. */
  readonly deploys?: boolean;
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
  /** `sources`: also those of optimizers that steps name. */
  readonly description: ProgramDescription;
  /** See `StepContext.code`. */
  readonly code: ReadonlyMap<string, OptimizerCode>;
  /** See `StepContext.teleprompters`. */
  readonly teleprompters: ReadonlyMap<string, Teleprompter>;
  /** See `StepContext.endpoints`. */
  readonly endpoints: ReadonlyMap<string, string>;
  /** `null`: runs of the program are not remembered. */
  readonly surroundings: FileSurroundings | null;
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
    const own = request.takesSteps === true ? await loadOwnOptimizers(request) : noOptimizers;
    const dspy = request.takesSteps === true ? await loadTeleprompters(request) : noTeleprompters;
    const tuned = new TunedModels(description, request.config.model);
    const accounts = openAccounts(request, tuned);
    const { meter, budget: gate } = accounts;
    const { prices } = request.config.endpoint;
    const account = { gate, prices, onPaid: meter.answered.bind(meter) };
    const onAnswer = meter.answered.bind(meter);
    const others = new OtherEndpoints({ ...request, gate, onAnswer });
    opened.push(others);
    if (request.takesSteps === true) others.open([...endpointsOf(request.config).values()].flat());
    const hostingAccount = {
      charge: (key: string, usd: number) => {
        accounts.budget.charge(key, { calls: 0, tokens: 0, usd });
        meter.trained(usd);
      },
      checkCap: accounts.budget.checkSpent.bind(accounts.budget),
    };
    const endpoint = await openEndpoint({ ...request, account, hostingAccount });
    opened.push(endpoint);
    return {
      ...accounts,
      lm: others.behind(languageModel(request, endpoint, tuned, accounts)),
      trainer: endpoint.trainer,
      program: quietProgram(tuned.watch(program)),
      description: { ...description, sources: { ...description.sources, ...own.sources, ...dspy.sources } },
      code: own.code,
      teleprompters: dspy.teleprompters,
      endpoints: identitiesOf(request.config.services),
      surroundings: surroundingsOf(request),
      endpoint,
      close: () => closeAll(opened),
      identity: identityOf(request, description, endpoint),
    };
  } catch (error) {
    return closeAfter(error, opened);
  }
}

/**
 * The user's program in a process of its own.
 *
 * @throws UsageError where it is in no language that there is a host for.
 */
export function startHost({
  workspace,
  config,
  live,
  log,
}: Pick<ServicesRequest, 'workspace' | 'config' | 'live' | 'log'>): Promise<ProgramHost> {
  const options = hostStartOf({ workspace, config, log });
  const host = programHosts[languageOfProgram(config.program)];
  const open = (): Promise<HostClient> => host.start(options, config, live);
  const { hostWorkers: workers } = config;
  return HostPool.start(open, { ...(workers === undefined ? {} : { most: workers, atOnce: workers }), log });
}

type Accounts = Pick<Services, 'budget' | 'meter' | 'prices'>;

/** Open before the first call is made, which is that of a probe. */
function openAccounts({ config, caps, spent, ledger, usage }: ServicesRequest, tuned: TunedModels): Accounts {
  const prices = runPrices(config, tuned.baseOf);
  return { prices, budget: new Budget(caps, spent, ledger), meter: new UsageMeter(prices, usage) };
}

function languageModel(
  { config, memo, warn }: ServicesRequest,
  endpoint: EndpointSession,
  tuned: TunedModels,
  { budget, meter }: Accounts,
): LanguageModel {
  return createLanguageModel({
    connection: endpoint.connection,
    capabilities: endpoint.capabilities,
    refusals: endpoint.refusals,
    sampling: config.sampling,
    memo,
    gate: budget,
    concurrency: config.endpoint.concurrency,
    retry: retryOf(config.endpoint),
    prices: config.endpoint.prices,
    baseOf: tuned.baseOf,
    ...(endpoint.hosted === null ? {} : { ready: endpoint.hosted.ready.bind(endpoint.hosted) }),
    onWarning: warn,
    onPaid: (answer) => {
      meter.answered(answer);
    },
    onCached: (answer) => {
      meter.answered(answer);
    },
  });
}

/** A program whose author says that its runs read what we cannot see (a database) is run each time. */
function surroundingsOf({ config, workspace, memo, warn }: ServicesRequest): FileSurroundings | null {
  return config.remember === false ? null : new FileSurroundings({ workspace, memo, warn });
}

function identityOf(request: ServicesRequest, description: ProgramDescription, endpoint: EndpointSession): string {
  const { config, workspace } = request;
  const path = (file: string) => relative(workspace, file);
  const { metric, sampling, adapter, guided, frozen, metricRange } = config;
  const named = description.predictors.map((predictor) => predictor.endpoint);
  // Where only steps ask decides nothing of a program's run.
  const askedByProgram = languages[languageOfProgram(config.program)].namesLms
    ? config.services
    : config.services?.filter(({ name }) => named.includes(name));
  const services = serviceIdentities(askedByProgram, named);
  return contentHash({
    meaning: outcomesMean,
    ...(description.runtime === undefined ? {} : { runtime: description.runtime }),
    sources: Object.fromEntries(Object.entries(description.sources).map(([file, hash]) => [path(file), hash])),
    program: `${path(config.program.file)}#${config.program.name}`,
    metric: metric.kind === 'code' ? `${path(metric.file)}#${metric.name}` : metric,
    endpoint: endpoint.connection.endpoint.identity,
    ...(services.length === 0 ? {} : { services }),
    capabilities: endpoint.capabilities,
    sampling,
    adapter,
    guided,
    frozen,
    metricRange,
  });
}
