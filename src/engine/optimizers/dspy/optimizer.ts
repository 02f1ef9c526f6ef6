import * as z from 'zod';
import { contentHash } from '../../../base/contentHash.ts';
import { HumanError } from '../../../base/errors.ts';
import type { Example } from '../../../data/program.ts';
import { programStateSchema } from '../../../data/program.ts';
import { stopped } from '../../abort.ts';
import { defineOptimizer } from '../../defineOptimizer.ts';
import type { Carry, StepContext, StepResult } from '../../optimizer.ts';
import type { SearchRecord } from '../../rememberedSearch.ts';
import { rememberedSearch } from '../../rememberedSearch.ts';
import type { Scope } from '../../scope.ts';
import { searchRows } from '../../searchRows.ts';
import { contentOf, stateHash } from '../../state.ts';
import type { CompileRequest, Teleprompter } from '../../teleprompter.ts';
import { tell } from './candidates.ts';
import { PaidAnswers } from './paidAnswers.ts';
import { plan } from './plan.ts';
import type { SizedSettings } from './settings.ts';
import { resolve, settingsSchema, sized, writtenSchema } from './settings.ts';
import { CompileSession } from './work.ts';

/** An optimizer of DSPy's: `"optimizer": "program.py#make_optimizer"`. */
export const dspy = defineOptimizer({
  kind: 'dspy',
  title: 'DSPy optimizer',
  changes: 'prompts',
  // A proposer may look at the program (dspy/propose/grounded_proposer.py, `program_aware`).
  readsCode: true,
  written: writtenSchema,
  settings: settingsSchema,
  resolve,
  fit: (settings, { rows }, key) => sized(settings, rows, key),
  code: ({ optimizer, compile }) => ({ kind: 'teleprompter', reference: optimizer, settings: compile }),
  run,
  plan,
  tell,
});

const foundSchema = z.object({
  state: programStateSchema,
  candidate: z.number().nullable(),
  /** See `Compiled.lost`. */
  lost: z.array(z.string()),
});
type Found = z.infer<typeof foundSchema>;

async function run(settings: SizedSettings, context: StepContext, carry: Carry, scope: Scope): Promise<StepResult> {
  const teleprompter = context.teleprompters.get(settings.optimizer);
  if (teleprompter === undefined) throw new HumanError(`${settings.optimizer} was not loaded.`);
  const { journal } = context;
  const request = requestOf(settings, teleprompter, context, carry);
  const warn = (message: string) => {
    journal.append({ type: 'warning', message: `Step "${scope.prefix}": ${message}` });
  };
  const rows = rowsText(teleprompter, request.train.length);
  if (rows !== null) warn(rows);
  const key = keyOf(settings, teleprompter, request, context);
  const found = await rememberedSearch(context, { key, found: foundSchema }, scope, async (record) => {
    const paid = await PaidAnswers.open(journal, key);
    const compiled = await compile(teleprompter, request, { settings, context, scope, record, paid });
    const astray = paid.astray();
    if (astray !== null) warn(astrayText(settings, astray));
    return compiled;
  });
  const { state, candidate, lost } = found;
  for (const sentence of lost) warn(sentence);
  if (stateHash(state) === stateHash(carry.state)) {
    warn(
      `${teleprompter.name} left instructions and demos as they were: nothing it tried was better, its code caught what ` +
        'failed, or it changes something else.',
    );
  }
  return { state, candidate, validation: request.validation };
}

/** Where the rows are not told apart as the settings have it; `null`: they are. */
function rowsText({ name, takesTrain, takesValidation }: Teleprompter, rows: number): string | null {
  if (!takesTrain) {
    return `${name} takes no rows: what it learns from is its own. Where that holds rows of dev or test, scores say too much.`;
  }
  return takesValidation ? null : `${name} takes no validation set, so all ${rows} rows are for training.`;
}

function requestOf(
  settings: SizedSettings,
  { takesValidation }: Teleprompter,
  { seed, concurrency }: StepContext,
  carry: Carry,
): CompileRequest {
  const { train, validation } = searchRows(settings, carry.train);
  const rows = takesValidation ? { train, validation } : { train: [...train, ...validation], validation: [] };
  return { state: carry.state, ...rows, arguments: settings.compile, seed, threads: concurrency };
}

/** Threads decide how long it takes. */
function keyOf(
  { optimizer }: SizedSettings,
  { hash }: Teleprompter,
  { state, train, validation, arguments: given, seed }: CompileRequest,
  { identity, model, predictors, metricRange, endpoints }: StepContext,
): string {
  const contents = (rows: readonly Example[]) => rows.map(contentOf);
  const decides = { state, predictors, arguments: given, seed, metricRange, model };
  // Any of them may be asked.
  const others = [...endpoints.values()].toSorted();
  return contentHash([
    'dspy optimizer',
    identity,
    hash,
    optimizer,
    decides,
    contents(train),
    contents(validation),
    others,
  ]);
}

interface CompileParts {
  readonly settings: SizedSettings;
  readonly context: StepContext;
  readonly scope: Scope;
  readonly record: SearchRecord;
  readonly paid: PaidAnswers;
}

async function compile(teleprompter: Teleprompter, request: CompileRequest, parts: CompileParts): Promise<Found> {
  const { context, scope, record } = parts;
  const session = new CompileSession({ ...parts, request });
  const { signal } = session;
  const [ended] = await Promise.allSettled([teleprompter.compile(request, session, signal)]);
  await session.settle();
  // Whatever its code made of that.
  if (signal.aborted) throw stopped(signal);
  if (ended.status === 'rejected') throw ended.reason;
  const { reads, lost, state: given } = ended.value;
  const state = session.reports.ours(given);
  record.keep(state);
  scope.readings.add(await context.memory.readingOf(reads));
  return { state, candidate: session.reports.chosen(state), lost: [...lost] };
}

function astrayText(
  { optimizer }: SizedSettings,
  { paid, unneeded }: { readonly paid: number; readonly unneeded: number },
): string {
  return (
    `${optimizer} went another way than when it was stopped: ${paid} LM calls were new, and ${unneeded} that were ` +
    'paid for before were not needed. Besides its program, rows and seed it depends on something else: the time, ' +
    'random numbers without a seed, or the order in which threads end.'
  );
}
