/** Measuring a program once, beside runs. */
import { UsageError } from '../../base/errors.ts';
import type { Example } from '../../data/program.ts';
import type { UserCodeError } from '../../data/trace.ts';
import { evaluateRows } from '../../engine/evaluation.ts';
import { priority } from '../../engine/pool.ts';
import { outcomeScore } from '../../engine/score.ts';
import type { RunEvent } from '../../protocol.ts';
import { loadProgramData } from '../data/loadData.ts';
import { dataWarnings } from '../data/dataWarnings.ts';
import { startOf } from '../record/importState.ts';
import { withSideWork } from './sideWork.ts';
import type { EvaluationHooks, EvaluationRequest, EvaluationResult, RowRange } from './request.ts';
import { plural } from '../../view/words.ts';

/** Measures a program in a state on one split (`bettertogether evaluate`). */
export async function evaluateOnce(request: EvaluationRequest, hooks: EvaluationHooks): Promise<EvaluationResult> {
  const { workspace, config, split, state, otlp } = request;
  const data = await loadProgramData(config, workspace);
  const examples = chosenRows(data[split] ?? [], request);
  hooks.log(`${config.key}: ${plural(examples.length, `${split} row`)} on ${config.endpoint.name}`);
  for (const warning of dataWarnings(data)) hooks.log(`warning: ${warning}`);
  const failures: { readonly example: number; readonly error: UserCodeError }[] = [];
  let done = 0;
  let sum = 0;
  const onEvent = (event: RunEvent) => {
    if (event.type === 'warning') hooks.log(`warning: ${event.message}`);
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
      try {
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
          sources: services.description.sources,
        };
      } finally {
        hooks.onSpent?.(services.meter.snapshot());
      }
    },
  );
}

/** @throws UsageError naming a number that no row of the split has. */
function chosenRows(examples: readonly Example[], { config, split, rows }: EvaluationRequest): readonly Example[] {
  if (rows === undefined) return examples;
  const among = ({ id }: Example, { first, last }: RowRange): boolean => id >= first && id <= last;
  const none = rows.find((range) => !examples.some((example) => among(example, range)));
  if (none !== undefined) {
    const held = config.data[split] === null ? `, which are held out of ${config.data.train}` : '';
    const numbers = none.first === none.last ? `row ${none.first + 1}` : `rows ${none.first + 1} to ${none.last + 1}`;
    throw new UsageError(
      `"${config.key}" has no ${numbers} among its ${plural(examples.length, `${split} row`)}${held}.`,
    );
  }
  return examples.filter((example) => rows.some((range) => among(example, range)));
}

function userError({
  kind,
  message,
  file,
  line,
  cell,
}: Extract<RunEvent, { type: 'example' }>['error'] & object): UserCodeError {
  return {
    ...{ kind, message },
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(cell === undefined ? {} : { cell }),
  };
}
