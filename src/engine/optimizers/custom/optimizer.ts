import * as z from 'zod';
import { contentHash } from '../../../base/contentHash.ts';
import { HumanError } from '../../../base/errors.ts';
import { programStateSchema } from '../../../data/program.ts';
import type { CandidateFacts } from '../../../protocol.ts';
import { stopped } from '../../abort.ts';
import { defineOptimizer } from '../../defineOptimizer.ts';
import type { PlanContext, StepPlan } from '../../estimate.ts';
import { both, noDemos } from '../../estimate.ts';
import type { CandidateText, Carry, StepContext, StepResult } from '../../optimizer.ts';
import type { CodeRequest, OptimizerCode } from '../../optimizerCode.ts';
import type { SearchRecord } from '../../rememberedSearch.ts';
import { rememberedSearch } from '../../rememberedSearch.ts';
import type { Scope } from '../../scope.ts';
import { contentOf } from '../../state.ts';
import { checkedState } from './checkState.ts';
import type { KeyedSettings } from './settings.ts';
import { resolve, settingsSchema, writtenSchema } from './settings.ts';
import { LimitedWork } from './work.ts';

/** An optimizer of the user's own: `"optimizer": "optimizer.ts#widen"`. */
export const custom = defineOptimizer({
  kind: 'custom',
  title: 'own optimizer',
  changes: 'prompts',
  written: writtenSchema,
  settings: settingsSchema,
  resolve,
  fit: (settings, _run, key): KeyedSettings => ({ ...settings, key }),
  asks: ({ lm }) => (lm === null ? [] : [{ ...lm, setting: 'lm' }]),
  code: ({ optimizer, settings }) => ({ kind: 'optimizer', reference: optimizer, settings }),
  run,
  plan,
  tell,
});

/** What an optimizer's question is taken to be, in tokens, before it is asked. */
const questionTokens = { inputTokens: both(2000), outputTokens: both(1000) };

const foundSchema = z.object({
  state: programStateSchema,
  candidate: z.number().nullable(),
  /** Places in the training rows. */
  chosenOn: z.array(z.number()),
});
type Found = z.infer<typeof foundSchema>;

async function run(settings: KeyedSettings, context: StepContext, carry: Carry, scope: Scope): Promise<StepResult> {
  const code = context.code.get(settings.optimizer);
  if (code === undefined) throw new HumanError(`${settings.optimizer} was not loaded.`);
  const request = await requestOf(settings, context, carry);
  const { rows, ...rest } = request;
  const { identity, model, endpoints } = context;
  const { optimizer, lm } = settings;
  const asked = lm?.endpoint === undefined ? (lm?.model ?? model) : [lm.model, endpoints.get(lm.endpoint) ?? null];
  const key = contentHash(['own optimizer', identity, code.hash, optimizer, rest, rows.map(contentOf), asked]);
  const found = await rememberedSearch(context, { key, found: foundSchema }, scope, (record) =>
    search(code, request, { settings, context, carry, scope, record }),
  );
  const { state, candidate, chosenOn } = found;
  if (chosenOn.length === 0) return { state, candidate };
  return { state, candidate, validation: chosenOn.map((place) => carry.train[place]!) };
}

async function requestOf(
  { settings }: KeyedSettings,
  { program, predictors: changeable, seed, threshold, metricRange }: StepContext,
  { state, train }: Carry,
): Promise<CodeRequest> {
  const { predictors: all } = await program.describe();
  // Not where they are written: a folder that moved is no other search.
  const predictors = all
    .filter(({ name }) => changeable.includes(name))
    .map(({ name, signature, demos, frozen }) => ({ name, signature, demos, frozen }));
  return { state, predictors, rows: train, settings, seed, threshold, metricRange };
}

interface Search {
  readonly settings: KeyedSettings;
  readonly context: StepContext;
  readonly carry: Carry;
  readonly scope: Scope;
  readonly record: SearchRecord;
}

async function search(code: OptimizerCode, request: CodeRequest, parts: Search): Promise<Found> {
  const { settings, context, carry, scope, record } = parts;
  const allowed = { start: carry.state, predictors: request.predictors };
  const work = new LimitedWork({ settings, context, allowed, rows: carry.train, scope, record });
  const { signal } = work;
  const { returned, reads } = await code.run(request, work, signal).catch(async (error: unknown) => {
    await work.settle();
    throw signal.aborted ? stopped(signal) : error;
  });
  const unfinished = await work.settle();
  if (signal.aborted) throw stopped(signal);
  if (unfinished) {
    throw new HumanError(
      `${settings.optimizer} returned while it still asked or evaluated. Await every evaluate, candidate and ask before it returns.`,
    );
  }
  const state = checkedState(returned, allowed, `What ${settings.optimizer} returns`);
  record.keep(state);
  scope.readings.add(await context.memory.readingOf(reads));
  const chosen = work.candidateOf(state);
  const places = new Map(carry.train.map((example, place) => [example, place]));
  return {
    state,
    candidate: chosen?.candidate ?? null,
    chosenOn: (chosen?.rows ?? []).map((example) => places.get(example)!),
  };
}

/** Its limits: what it takes of them, only its code knows. */
function plan({ runs, calls, lm }: KeyedSettings, { prompts }: PlanContext): StepPlan {
  return {
    runs: [{ runs: both(runs), demos: prompts.demos ?? noDemos }],
    calls: calls === 0 ? [] : [{ calls: both(calls), ...questionTokens, ...(lm === null ? {} : { of: lm }) }],
    prompts: { ...prompts, instructions: true },
  };
}

function tell(about: CandidateFacts): CandidateText {
  const facts = Object.entries(about).map(([label, value]) => ({ label, text: String(value) }));
  const name = String(about['name'] ?? '');
  const rest = facts.filter(({ label }) => label !== 'name');
  return { name, brief: rest.map(({ label, text }) => `${label} ${text}`).join(', ') || name, facts: rest };
}
