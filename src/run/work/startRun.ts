/** A run from its manifest to its result: what the command line and the editor call. */
import type { ResolvedProgram } from '../../config/resolved.ts';
import { messageOf } from '../../base/errors.ts';
import { withoutKeys } from '../../base/keys.ts';
import type { ProgramDescription } from '../../data/program.ts';
import type { LmRecord } from '../../data/trace.ts';
import { BudgetExhausted, Cancelled, EndpointRefused, EndpointUnavailable } from '../../engine/errors.ts';
import { Optimization } from '../../engine/optimize.ts';
import type { EngineParts, Stage } from '../../engine/optimize.ts';
import { stepInfoOf } from '../../engine/optimizer.ts';
import { trainablePredictors } from '../../engine/state.ts';
import type { OptimizeSettings } from '../../engine/settings.ts';
import { formatStrategy } from '../../data/strategy.ts';
import { trains } from '../../config/steps.ts';
import type { TraceRecord } from '../../engine/interfaces.ts';
import type { OtlpTarget } from '../../otlp/target.ts';
import type { LoggedEvent, RunResult } from '../../protocol.ts';
import { withCapAdvice } from './advice.ts';
import { closing } from '../services/closeAll.ts';
import type { ProgramData } from '../data/loadData.ts';
import { loadDatasets, rowsFor } from '../data/loadData.ts';
import { dataWarnings } from '../data/dataWarnings.ts';
import { memoWarnings } from './memoWarnings.ts';
import { earlierSessions } from '../reading/earlierSessions.ts';
import type { EarlierSessions } from '../reading/earlierSessions.ts';
import { engineSettings, runConcurrency } from './engineSettings.ts';
import { startOf } from '../record/importState.ts';
import { RunJournal } from '../record/journal.ts';
import type { Memo } from '../../lm/memo.ts';
import { openMemo } from '../../lm/memo.ts';
import { checkUnchanged, readOwnManifest, writeManifest } from '../record/manifest.ts';
import type { Manifest, OwnManifest } from '../record/manifest.ts';
import type { RunHooks, RunRequest } from './request.ts';
import { planPrices, tokenPricesOf } from '../services/prices.ts';
import { sampleRows } from './planRun.ts';
import { RestOfRun } from './restOfRun.ts';
import { resultOfStages, statesOf } from './result.ts';
import { cacheFolder, checkStateFolders, runFiles } from '../record/runFolder.ts';
import type { Services } from '../services/services.ts';
import { openServices } from '../services/services.ts';
import { LateWarnings } from '../tracing/lateWarnings.ts';
import { openTracing } from '../tracing/tracing.ts';
import type { TracingOptions } from '../tracing/tracing.ts';
import { keepSeen } from '../surroundings/seenByRun.ts';
import { FileSpendLedger, readAccount } from '../record/spendLedger.ts';
import { readLatticeRequest, writeStates } from '../record/stateFile.ts';

/** Milliseconds between two entries of what was spent so far. */
const usageEvery = 250;

function enginePartsOf(services: Services, config: ResolvedProgram): Omit<EngineParts, 'journal'> {
  const { program, lm, trainer, surroundings, budget: gate, meter, prices, identity } = services;
  const { code, teleprompters, endpoints } = services;
  const concurrency = runConcurrency(config);
  const named = { code, teleprompters, endpoints };
  return { program, lm, trainer, surroundings, gate, meter, prices, identity, ...named, concurrency };
}

/**
 * Optimizes a program, from the start or from where an earlier session stopped: then everything paid for is recalled.
 * The run's folder exists and holds its manifest.
 *
 * @throws HumanError whose `exit` says how the run ended; the log has said it before.
 */
export async function startRun(request: RunRequest, hooks: RunHooks): Promise<RunResult> {
  const { workspace, config, run } = request;
  const data = rowsFor(request.datasets ?? (await loadDatasets(config, workspace)));
  checkStateFolders(workspace);
  const manifest = await readOwnManifest(run.folder);
  checkUnchanged(manifest, { data: data.hashes }, workspace);
  return closing(async (keep) => {
    const warnings = new LateWarnings(hooks.log);
    const tracing = request.otlp === undefined ? null : await openTracing(tracingOf(request, request.otlp, warnings));
    // Closed last: while a collector is waited for, another process may go on with the run.
    if (tracing !== null) keep(tracing);
    const memo = keep(await openMemo(cacheFolder(workspace)));
    const onEvent = (event: LoggedEvent): void => {
      warnings.see(event);
      tracing?.event(event, event.seq, Date.parse(event.time));
      hooks.onEvent(event);
    };
    const onTrace = (record: TraceRecord): void => tracing?.trace(record, memo);
    const journal = keep(await RunJournal.open({ workspace, run, memo, onEvent, onTrace }));
    warnings.goTo(journal);
    const earlier = await earlierSessions(run.folder);
    const { spent } = runFiles(run.folder);
    const ledger = keep(new FileSpendLedger(spent, readAccount(spent, manifest.program !== null)));
    return runSession({ request, hooks, data, manifest, memo, journal, earlier, ledger });
  });
}

function tracingOf({ config, run }: RunRequest, target: OtlpTarget, warnings: LateWarnings): TracingOptions {
  const warn = (message: string) => warnings.add(message);
  return { target, config, run: run.id, name: `optimize ${config.key}`, steps: true, warn };
}

/** One session of a run: what it is given once the run's lock is held. */
interface RunSession {
  readonly request: RunRequest;
  readonly hooks: RunHooks;
  readonly data: ProgramData;
  readonly manifest: OwnManifest;
  readonly memo: Memo;
  readonly journal: RunJournal;
  readonly earlier: EarlierSessions;
  readonly ledger: FileSpendLedger;
}

async function runSession(session: RunSession): Promise<RunResult> {
  const { request, hooks, data, manifest, memo, journal, earlier, ledger } = session;
  const { workspace, config, run } = request;
  const started = performance.now();
  const settings = engineSettings(config, data.train.length);
  const warnings = [...dataWarnings(data), ...memoWarnings(workspace)];
  let warn = (message: string) => void warnings.push(message);
  const services = await openServices({
    workspace,
    config,
    live: data.live,
    memo,
    caps: request.budget,
    spent: ledger.spent,
    ledger,
    usage: earlier.usage,
    takesSteps: true,
    trains: trains(config),
    deploys: true,
    mustTrain: trains(config) || request.othersTrain === true,
    ...(manifest.endpoint === null ? {} : { capabilities: manifest.endpoint.capabilities }),
    signal: hooks.signal,
    log: hooks.log,
    warn: (message) => {
      warn(message);
    },
  }).catch((error: unknown) => {
    // Nothing is in the log yet, so it may be that there is no run to resume.
    throw withCapAdvice(error);
  });
  try {
    const { description } = services;
    checkUnchanged(manifest, { data: data.hashes, sources: description.sources }, workspace);
    await writeManifest(run.folder, withServices(manifest, description, services));
    const { model, seed, endpoint, key } = config;
    const splits = { train: data.train.length, dev: data.dev.length, test: data.test?.length ?? null };
    const predictors = description.predictors.map(({ name }) => name);
    const about = { run: run.id, program: key, strategy: formatStrategy(config.strategy), seed };
    const steps = settings.strategy.map(stepInfoOf);
    const { resumed } = request;
    const lm = { endpoint: endpoint.name, model };
    journal.append({ type: 'run.started', ...about, steps, ...lm, splits, predictors, resumed, ...fromOf(manifest) });
    warn = (message) => {
      journal.append({ type: 'warning', message });
    };
    warnings.forEach(warn);
    const { meter } = services;
    const stages = await optimizeInto(session, services, settings);
    // Before the result: what tuned models cost while they were deployed is in it.
    await services.endpoint.hosted?.release(warn);
    const seconds = earlier.seconds + (performance.now() - started) / 1000;
    const result = resultOfStages(stages, { ...about, usage: meter.snapshot(), seconds });
    await keepSeen(runFiles(run.folder).reads, services.surroundings?.seen() ?? null);
    journal.append({ type: 'run.finished', result });
    return result;
  } finally {
    await services.close();
  }
}

async function optimizeInto(
  { request, hooks, data, manifest, journal }: RunSession,
  services: Services,
  settings: OptimizeSettings,
): Promise<readonly Stage[]> {
  const { config, run, lostJob } = request;
  let saving = Promise.resolve();
  const onStage = (stages: readonly Stage[]) => {
    const states = statesOf(stages);
    if (states !== null) saving = saving.then(() => writeStates(run.folder, states));
    saving.catch(() => undefined);
  };
  const broken = new AbortController();
  const sizes = { train: data.train.length, dev: data.dev.length, test: data.test?.length ?? 0 };
  const pricesOf = (asked: readonly LmRecord[]) => planPrices(config, tokenPricesOf(config, asked));
  const predictors = trainablePredictors(services.description).length;
  const rest = new RestOfRun({ settings, sizes, predictors, pricesOf });
  if (hooks.onPrice !== undefined && !request.resumed) {
    rest.whenSampled(Math.min(sampleRows, data.dev.length), (plan, asked) => {
      const tokenPrices = tokenPricesOf(config, asked);
      hooks.onPrice?.({ plan, ...fromOf(manifest), ...(tokenPrices === undefined ? {} : { tokenPrices }) });
    });
  }
  const report = usageReporter(journal, services);
  const reporting = setInterval(() => {
    try {
      report();
    } catch (error) {
      broken.abort(error);
    }
  }, usageEvery);
  const signal = AbortSignal.any([hooks.signal, broken.signal]);
  try {
    const parts = {
      ...enginePartsOf(services, config),
      journal: rest.watch(journal),
      ...(lostJob === undefined ? {} : { lostJob }),
    };
    const start = startOf(services.description, config.model, manifest.start);
    const lattice = await readLatticeRequest(run.folder);
    const stages = await new Optimization(parts, settings, data, services.description, {
      signal,
      onStage,
      start,
      ...(lattice === null ? {} : { lattice }),
    }).run();
    await saving;
    report();
    return stages;
  } catch (error) {
    await saving.catch(() => undefined);
    const why = rest.tell(withCapAdvice(error, 'resume'));
    sayStopped(journal, report, why);
    throw why;
  } finally {
    clearInterval(reporting);
  }
}

function fromOf({ start }: Manifest): { readonly from?: string } {
  return start === undefined ? {} : { from: start.from };
}

/** What was spent so far, written only when it changed: a resumed run goes on counting from the last entry. */
function usageReporter(journal: RunJournal, { budget, meter }: Services): () => void {
  let last = '';
  return () => {
    const event = { type: 'usage' as const, usage: meter.snapshot(), spent: budget.spent };
    const text = JSON.stringify(event);
    if (text === last) return;
    last = text;
    journal.append(event);
  };
}

/** On a full disk this cannot be written either; then the error alone says why the run stopped. */
function sayStopped(journal: RunJournal, report: () => void, error: unknown): void {
  try {
    report();
    journal.append({ type: 'run.stopped', reason: stopReason(error), message: withoutKeys(messageOf(error)) });
  } catch {
    return;
  }
}

function stopReason(error: unknown): 'budget' | 'endpoint' | 'cancelled' | 'failed' {
  if (error instanceof BudgetExhausted) return 'budget';
  if (error instanceof Cancelled) return 'cancelled';
  if (error instanceof EndpointUnavailable || error instanceof EndpointRefused) return 'endpoint';
  return 'failed';
}

function withServices(
  manifest: OwnManifest,
  program: ProgramDescription,
  { endpoint, trainer }: Services,
): OwnManifest {
  const { connection, capabilities } = endpoint;
  return {
    ...manifest,
    program,
    endpoint: { id: connection.endpoint.identity, capabilities, trainer: trainer?.id ?? null },
  };
}
