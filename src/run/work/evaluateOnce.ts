/** Measuring a program once, beside runs. */
import type { UserCodeError } from '../../data/trace.ts';
import { evaluateRows } from '../../engine/evaluation.ts';
import { priority } from '../../engine/pool.ts';
import { outcomeScore } from '../../engine/score.ts';
import type { RunEvent } from '../../protocol.ts';
import { loadProgramData } from '../data/loadData.ts';
import { dataWarnings } from '../data/dataWarnings.ts';
import { startOf } from '../record/importState.ts';
import { withSideWork } from './sideWork.ts';
import type { EvaluationHooks, EvaluationRequest, EvaluationResult } from './request.ts';
import { plural } from '../../view/words.ts';

/** Measures a program in a state on one split (`bettertogether evaluate`). */
export async function evaluateOnce(request: EvaluationRequest, hooks: EvaluationHooks): Promise<EvaluationResult> {
  const { workspace, config, split, state, otlp } = request;
  const data = await loadProgramData(config, workspace);
  const examples = data[split] ?? [];
  hooks.log(`${config.key}: ${plural(examples.length, `${split} row`)} on ${config.endpoint.name}`);
  for (const warning of dataWarnings(data)) hooks.log(`warning: ${warning}`);
  const failures: { readonly example: number; readonly error: UserCodeError }[] = [];
  let done = 0;
  let sum = 0;
  const onEvent = (event: RunEvent) => {
    if (event.type !== 'example') return;
    sum += event.score;
    if (event.error !== undefined) failures.push({ example: event.example, error: userError(event.error) });
    hooks.onProgress({ done: ++done, of: examples.length, failed: failures.length, sum });
  };
  const started = performance.now();
  return withSideWork(
    {
      ...request,
      live: data.live,
      deploys: true,
      ...(otlp === undefined ? {} : { tracing: { target: otlp, name: `evaluate ${config.key}` } }),
    },
    hooks,
    onEvent,
    async ({ services, runner, scope }) => {
      const start = startOf(services.description, config.model, state ?? undefined);
      const { metricRange } = config;
      const work = { state: start, examples, purpose: split, candidate: null, priority: priority.score, metricRange };
      const { score, rows } = await evaluateRows(runner, work, scope, (outcome, example) => ({
        example: example.id,
        score: outcomeScore(outcome, metricRange),
        ...(outcome.feedback === undefined ? {} : { feedback: outcome.feedback }),
      }));
      scope.failures.throwIfAllAlike(`Evaluating ${config.key} on ${split}`);
      // Before the usage: what tuned models cost while they were deployed is in it.
      await services.endpoint.hosted?.release(hooks.log);
      return {
        score,
        rows,
        models: [...new Set(Object.values(start.predictors).map(({ model }) => model))],
        // With the calls of a probe: all that is on the endpoint's bill.
        usage: services.meter.snapshot(),
        seconds: (performance.now() - started) / 1000,
        failures: failures.toSorted((a, b) => a.example - b.example),
      };
    },
  );
}

function userError({
  kind,
  message,
  file,
  line,
}: Extract<RunEvent, { type: 'example' }>['error'] & object): UserCodeError {
  return { kind, message, ...(file === undefined ? {} : { file }), ...(line === undefined ? {} : { line }) };
}
