/** Estimating what a run would take, before there is one. */
import type { ResolvedProgram } from '../../config/resolved.ts';
import { trains } from '../../config/steps.ts';
import type { Example, ProgramState } from '../../data/program.ts';
import { formatStrategy } from '../../data/strategy.ts';
import type { ProgramOutcome } from '../../data/trace.ts';
import { recordsOf } from '../../data/trace.ts';
import { stopped } from '../../engine/abort.ts';
import type { Estimate } from '../../engine/estimate.ts';
import { makePlan } from '../../engine/plan.ts';
import type { Plan } from '../../engine/plan.ts';
import { priority } from '../../engine/pool.ts';
import { sampleOf } from '../../engine/sample.ts';
import type { Runner } from '../../engine/runner.ts';
import { trainablePredictors } from '../../engine/state.ts';
import type { Scope } from '../../engine/scope.ts';
import { engineSettings } from './engineSettings.ts';
import { consequencesOf, hostsOf, isSameKeyUse } from './consequences.ts';
import { loadDatasets, rowsFor } from '../data/loadData.ts';
import { dataWarnings } from '../data/dataWarnings.ts';
import { startOf } from '../record/importState.ts';
import type { PlanRequest, RunHooks, RunPlan } from './request.ts';
import { planPrices, tokenPricesOf } from '../services/prices.ts';
import { whyNoTraining } from '../services/trainingService.ts';
import { withSideWork } from './sideWork.ts';

/** Rows that an estimate looks at. */
export const sampleRows = 5;

/** Estimates a run from a handful of real examples, or from the memo (`optimize --dry-run`). */
export async function planRun(request: PlanRequest, hooks: Omit<RunHooks, 'onEvent'>): Promise<RunPlan> {
  const { workspace, config } = request;
  const data = rowsFor(request.datasets ?? (await loadDatasets(config, workspace)));
  const settings = engineSettings(config, data.train.length);
  const examples = data.dev.slice(0, sampleRows);
  const { promptsTo, servicesTo, codeTo, rowsTo, keys, serviceKeys, deploysAt } = consequencesOf(config);
  const warnings = dataWarnings(data);
  const noTraining = trains(config) ? await noTrainingFor(config, hooks.signal) : null;
  return withSideWork(
    { ...request, live: data.live },
    hooks,
    () => undefined,
    async ({ services, runner, scope }) => {
      const start = startOf(services.description, config.model, request.start);
      const began = performance.now();
      const outcomes = await Promise.all(examples.map((example) => runOnce(runner, scope, start, example)));
      const elapsed = (performance.now() - began) / 1000;
      scope.failures.throwIfAllAlike(`Trying ${config.key}`);
      const runs = outcomes.map((outcome) => ({ ...outcome, correct: outcome.score >= config.threshold }));
      const predictors = trainablePredictors(services.description).length;
      const sample = sampleOf(runs, scope.meter.snapshot().calls, predictors);
      const tokenPrices = tokenPricesOf(config, outcomes.flatMap(recordsOf));
      const sizes = { train: data.train.length, dev: data.dev.length, test: data.test?.length ?? 0 };
      const plan = makePlan(settings, sizes, sample, planPrices(config, tokenPrices));
      return {
        program: config.key,
        strategy: formatStrategy(config.strategy),
        ...(request.start === undefined ? {} : { from: request.start.from }),
        plan,
        paid: services.meter.snapshot(),
        sources: services.description.sources,
        devRows: sizes.dev,
        seconds: secondsOf(plan, elapsed, config),
        promptsTo,
        ...(servicesTo.length === 0 ? {} : { servicesTo }),
        ...(codeTo.length === 0 ? {} : { codeTo }),
        rowsTo,
        ...(deploysAt === null ? {} : { deploysAt }),
        ...(keys.length === 0 ? {} : { keys }),
        ...(serviceKeys.length === 0 ? {} : { serviceKeys }),
        ...(noTraining === null ? {} : { noTraining }),
        ...(warnings.length === 0 ? {} : { warnings }),
        ...(tokenPrices === undefined ? {} : { tokenPrices }),
      };
    },
  );
}

/** Asked only where that sends no key and reaches no host that the estimate itself does not: only that was agreed to. */
async function noTrainingFor(config: ResolvedProgram, signal: AbortSignal): Promise<string | null> {
  const [agreed, asked] = [consequencesOf(config, 'estimate'), consequencesOf(config, 'run')];
  const isCovered = asked.keys.every((use) => agreed.keys.some((known) => isSameKeyUse(known, use)));
  const reaches = asked.rowsTo === null || hostsOf(agreed).includes(asked.rowsTo);
  return isCovered && reaches ? whyNoTraining(config.endpoint, { signal }) : null;
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
