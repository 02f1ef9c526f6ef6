/** Work beside runs: measuring a program once, and estimating what a run would take. */
import type { ResolvedProgram } from '../config/resolved.ts';
import type { Example, ProgramState } from '../data/program.ts';
import type { ProgramOutcome, UserCodeError } from '../data/trace.ts';
import { stopped } from '../engine/abort.ts';
import { evaluate } from '../engine/evaluation.ts';
import { makePlan, sampleOf } from '../engine/plan.ts';
import type { Estimate, Plan } from '../engine/plan.ts';
import { Pool, priority } from '../engine/pool.ts';
import { Runner } from '../engine/runner.ts';
import { FailureTally } from '../engine/scope.ts';
import type { Scope } from '../engine/scope.ts';
import { initialState } from '../engine/state.ts';
import { formatStrategy } from '../engine/strategy.ts';
import { UsageMeter } from '../engine/usage.ts';
import { priceOf, usdOfTraining, usdOfUsage } from '../lm/prices.ts';
import { openMemo } from '../lm/memo.ts';
import type { RunEvent } from '../protocol.ts';
import { engineSettings, runConcurrency } from './compose.ts';
import { consequencesOf } from './consequences.ts';
import { loadProgramData } from './data.ts';
import type {
  EvaluationHooks,
  EvaluationRequest,
  EvaluationResult,
  PlanRequest,
  RunHooks,
  RunPlan,
} from './request.ts';
import type { Services } from './services.ts';
import { openServices } from './services.ts';
import { cacheFolder } from './runFolder.ts';
import { sideJournal } from './sideJournal.ts';

const nothing = { calls: 0, tokens: 0, usd: 0 };

/** Rows that an estimate looks at. */
const sampleRows = 5;

interface Bench {
  readonly services: Services;
  readonly runner: Runner;
  readonly scope: Scope;
}

async function withBench<T>(
  request: PlanRequest,
  hooks: { readonly signal: AbortSignal; log(line: string): void },
  onEvent: (event: RunEvent) => void,
  body: (bench: Bench) => Promise<T>,
): Promise<T> {
  const { workspace, config, budget } = request;
  const { log } = hooks;
  const asked = {
    workspace,
    config,
    caps: budget,
    spent: nothing,
    trains: false,
    signal: hooks.signal,
    log,
    warn: log,
  };
  const memo = await openMemo(cacheFolder(workspace));
  const services = await openServices({ ...asked, memo }).catch(async (error: unknown) => {
    await memo.close();
    throw error;
  });
  try {
    const abort = new AbortController();
    const signal = AbortSignal.any([hooks.signal, abort.signal]);
    const runner = new Runner({
      ...services,
      journal: sideJournal(workspace, memo, onEvent),
      pool: new Pool(runConcurrency(config)),
      baseModel: config.model,
      metricRange: config.metricRange,
      abort: (error) => {
        abort.abort(error);
      },
    });
    const scope = { prefix: '', meter: new UsageMeter(services.prices), failures: new FailureTally(), signal };
    return await body({ services, runner, scope });
  } finally {
    await services.close();
    await memo.close();
  }
}

/** Measures a program in a state on one split (`bettertogether evaluate`). */
export async function evaluateOnce(request: EvaluationRequest, hooks: EvaluationHooks): Promise<EvaluationResult> {
  const { config, split, state } = request;
  const data = await loadProgramData(config);
  const examples = data[split] ?? [];
  const failures: { readonly example: number; readonly error: UserCodeError }[] = [];
  let done = 0;
  let sum = 0;
  const onEvent = (event: RunEvent) => {
    if (event.type !== 'example') return;
    sum += event.score;
    if (event.error !== undefined) failures.push({ example: event.example, error: userError(event.error) });
    hooks.onProgress(++done, examples.length, sum);
  };
  const started = performance.now();
  return withBench(request, hooks, onEvent, async ({ services, runner, scope }) => {
    const start = state ?? initialState(services.description, config.model);
    const { metricRange } = config;
    const work = { state: start, examples, purpose: split, candidate: null, priority: priority.score, metricRange };
    const score = await evaluate(runner, work, scope);
    scope.failures.throwIfAllAlike(`Evaluating ${config.key} on ${split}`);
    return {
      score: score!,
      usage: scope.meter.snapshot(),
      seconds: (performance.now() - started) / 1000,
      failures: failures.toSorted((a, b) => a.example - b.example),
    };
  });
}

function userError({
  kind,
  message,
  file,
  line,
}: Extract<RunEvent, { type: 'example' }>['error'] & object): UserCodeError {
  return { kind, message, ...(file === undefined ? {} : { file }), ...(line === undefined ? {} : { line }) };
}

/** Estimates a run from a handful of real examples, or from the memo (`optimize --dry-run`). */
export async function planRun(request: PlanRequest, hooks: Omit<RunHooks, 'onEvent'>): Promise<RunPlan> {
  const { config } = request;
  const data = await loadProgramData(config);
  const settings = engineSettings(config, data.train.length);
  const examples = data.dev.slice(0, sampleRows);
  const { promptsTo, rowsTo } = consequencesOf(config);
  return withBench(
    request,
    hooks,
    () => undefined,
    async ({ services, runner, scope }) => {
      const start = initialState(services.description, config.model);
      const began = performance.now();
      const outcomes = await Promise.all(examples.map((example) => runOnce(runner, scope, start, example)));
      const elapsed = (performance.now() - began) / 1000;
      scope.failures.throwIfAllAlike(`Trying ${config.key}`);
      const runs = outcomes.map(({ trace, score }) => ({ trace, correct: score >= config.threshold }));
      const sample = sampleOf(runs, scope.meter.snapshot().calls);
      const sizes = { train: data.train.length, dev: data.dev.length, test: data.test?.length ?? 0 };
      const plan = makePlan(settings, sizes, sample, planPrices(config));
      return {
        program: config.key,
        strategy: formatStrategy(settings.strategy),
        plan,
        seconds: secondsOf(plan, elapsed, config),
        promptsTo,
        rowsTo,
      };
    },
  );
}

/**
 * The time of all calls at the pace of the sample. Remote endpoints take more requests at once than the sample had;
 * the embedded one was busy with it.
 */
function secondsOf({ calls, sample }: Plan, elapsed: number, { endpoint }: ResolvedProgram): Estimate | null {
  if (sample.paidCalls === 0) return null;
  const atOnce = Math.min(sample.runs, endpoint.concurrency);
  const each = elapsed / sample.paidCalls / (endpoint.kind === 'embedded' ? 1 : endpoint.concurrency / atOnce);
  return { expected: calls.expected * each, most: calls.most * each };
}

async function runOnce(runner: Runner, scope: Scope, state: ProgramState, example: Example): Promise<ProgramOutcome> {
  const task = { state, example, round: 0, roundTemperature: 0, purpose: 'dev' as const, candidate: null };
  try {
    return await runner.run({ ...task, priority: priority.score }, scope);
  } catch (error) {
    throw scope.signal.aborted ? stopped(scope.signal) : error;
  }
}

function planPrices({ endpoint, model }: ResolvedProgram) {
  if (endpoint.kind === 'embedded' && endpoint.prices === null) return { call: () => 0, training: () => 0 };
  const price = priceOf(endpoint.prices, model, null);
  return {
    call: (inputTokens: number, outputTokens: number) =>
      usdOfUsage(price, { inputTokens, outputTokens, cachedInputTokens: 0 }),
    training: (tokens: number) => usdOfTraining(price, tokens),
  };
}
