/** Evaluates programs for the Test Explorer: what a request asks for, one evaluation after the other. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as l10n from '../../base/l10n.ts';
import type * as vscode from 'vscode';
import { exitCode, HumanError, messageOf } from '../../base/errors.ts';
import type { BudgetCaps } from '../../config/resolved.ts';
import type { Example } from '../../data/program.ts';
import { lowerCaps } from '../../editor/tests/allowance.ts';
import { evaluationText } from '../../editor/items/scores.ts';
import { rowsArgument } from '../../editor/tests/rowTests.ts';
import { verdictOf } from '../../editor/tests/verdict.ts';
import type { Verdict } from '../../editor/tests/verdict.ts';
import { EvaluationTraces } from '../../page/evaluationTraces.ts';
import type { Usage } from '../../protocol.ts';
import { shownNumber } from '../../view/words.ts';
import { Dismissed, MendableError, showError } from '../base/errors.ts';
import { showReadOnlyText } from '../base/readOnlyText.ts';
import { configured } from '../optimize/configured.ts';
import type { Configured } from '../optimize/configured.ts';
import { agreeToMeasure, measure, rememberScore, sourceOf } from '../optimize/measure.ts';
import type { MeasuredProgram } from '../optimize/measure.ts';
import { offeringInputs } from '../optimize/offeringInputs.ts';
import type { Session } from '../session/session.ts';
import { rowsOf } from './targets.ts';
import type { Target } from './targets.ts';
import { TestResults } from './testResults.ts';
import type { TestTree } from './testTree.ts';
import { counted } from '../../view/counted.ts';

/** New results are looked for this often while an evaluation is at work. */
const lookMs = 300;

/** How an evaluation ended; `sources`: what it loaded, by absolute path, with the SHA-256 of each. */
export type Ended =
  | { readonly how: 'measured'; readonly sources: Readonly<Record<string, string>> }
  /** `budget`: a cap was met. What was answered until then is remembered. */
  | { readonly how: 'budget' | 'failed' | 'cancelled' };

export interface Spending {
  /** `null`: those of the configuration alone. */
  readonly caps: BudgetCaps | null;
  /** `null`: it was killed, and nobody knows. */
  spent(usage: Usage | null): void;
}

interface Kept {
  readonly folder: string;
  readonly traces: EvaluationTraces;
}

export class TestRunner {
  readonly #session: Session;
  readonly #tree: TestTree;
  readonly #folder: () => Promise<string>;
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #kept = new Map<string, Kept[]>();
  readonly #traceOf = new Map<string, Map<number, Kept>>();
  #evaluations = 0;

  /** @param folder of this window alone, for traces. */
  constructor(session: Session, tree: TestTree, folder: () => Promise<string>) {
    this.#session = session;
    this.#tree = tree;
    this.#folder = folder;
  }

  /** Evaluates a target in a run that is begun and ended elsewhere; never two at a time of one program. Never rejects. */
  async evaluate(run: vscode.TestRun, target: Target, spending: Spending): Promise<Ended> {
    const { id } = target.test;
    const turn = (this.#turns.get(id) ?? Promise.resolve()).then(() => this.#evaluate(run, target, spending));
    this.#turns.set(id, turn);
    return turn;
  }

  /** What a program run on a row was asked and answered, in a tab. @throws HumanError where no trace of it is kept. */
  async openTrace(item: vscode.TestItem | undefined): Promise<void> {
    const node = item === undefined ? undefined : this.#tree.nodeOf(item);
    if (node?.kind !== 'row') throw new HumanError(l10n.t('That row is not listed any more.'));
    const { test, split, row } = node;
    const kept = this.#traceOf.get(keyOf({ test, split }))?.get(row.id);
    if (kept === undefined) {
      const number = shownNumber(row.id);
      throw new HumanError(
        l10n.t`Traces of test items are kept as long as the window is open. Run row ${number} once more: what is remembered of it costs nothing.`,
      );
    }
    const text = await kept.traces.text(row.id, row);
    await showReadOnlyText(l10n.t`Trace of ${test.key}, ${split} row ${shownNumber(row.id)}`, text);
  }

  async #evaluate(run: vscode.TestRun, target: Target, spending: Spending): Promise<Ended> {
    const { test, split } = target;
    const above = this.#tree.above(test, split);
    if (above === undefined || run.token.isCancellationRequested) return { how: 'cancelled' };
    const results = new TestResults(run);
    run.started(above);
    let usage: Usage | null = null;
    let began = false;
    try {
      const chosen = await configured(this.#session, test.program, l10n.t('Test Explorer'));
      await agreeToMeasure(this.#session, chosen);
      const all = await this.#tree.list(test, split);
      const rows = rowsOf(target, all);
      if (rows?.length === 0) return { how: 'cancelled' };
      this.#enqueue(run, target, rows ?? all.map(({ id }) => id));
      const source = await sourceOf(test.program);
      began = true;
      const caps = spending.caps === null ? undefined : lowerCaps(spending.caps, chosen.config.budget);
      const ask = { split, ...(rows !== null && { rows: rowsArgument(rows) }), ...(caps !== undefined && { caps }) };
      const measured = await this.#followed({ run, results, target, all, chosen }, (traces) => {
        const onLine = (line: string): void => results.say(line);
        const onSpent = (spent: Usage): void => void (usage = spent);
        const work = (): Promise<MeasuredProgram> =>
          measure(this.#session, chosen, { ...ask, traces }, { token: run.token, onLine, onSpent });
        const again = async (): Promise<void> => void (await this.#session.run('evaluate', test.program));
        return offeringInputs(this.#session, test.program, chosen, work, again);
      });
      results.say(summary(target, all, measured));
      if (rows === null) await rememberScore(this.#session, test.program, { split }, measured, source);
      return { how: 'measured', sources: measured.sources };
    } catch (error) {
      return this.#ended(error, results, above, spending);
    } finally {
      if (began) spending.spent(usage);
    }
  }

  #ended(error: unknown, results: TestResults, above: vscode.TestItem, { caps }: Spending): Ended {
    if (error instanceof Dismissed) return { how: 'cancelled' };
    const human = error instanceof HumanError ? error : new HumanError(messageOf(error), { cause: error });
    const how = human.exit === exitCode.budget ? 'budget' : 'failed';
    // A continuous run pauses there, and says so by itself.
    if (how === 'budget' && caps !== null) results.say(human.message);
    else results.broken(above, human);
    // Where there is something to do about it, or it is a bug of ours; a continuous run does not interrupt for that.
    const mends = human instanceof MendableError || human.mends.some(({ kind }) => kind !== 'place');
    if (caps === null && (mends || human !== error)) showError(error, this.#session.log);
    return { how };
  }

  #enqueue(run: vscode.TestRun, { test, split }: Target, rows: readonly number[]): void {
    for (const row of rows) {
      const item = this.#tree.rowItem(test, split, row);
      if (item !== undefined) run.enqueued(item);
    }
  }

  /** Shows each row's result as it comes while `work` evaluates them. */
  async #followed(
    { run, results, target, all, chosen }: Following,
    work: (folder: string) => Promise<MeasuredProgram>,
  ): Promise<MeasuredProgram> {
    const { test, split } = target;
    const folder = join(await this.#folder(), String(++this.#evaluations));
    const kept = { folder, traces: new EvaluationTraces(folder, chosen.root) };
    const rows = new Map(all.map((row) => [row.id, row]));
    const judged = new Map<number, { readonly verdict: Verdict; readonly seconds: number }>();
    const show = (row: number): void => {
      const item = this.#tree.rowItem(test, split, row);
      const result = judged.get(row);
      if (item !== undefined && result !== undefined) results.row(item, result.verdict, result.seconds);
    };
    const look = async (): Promise<void> => {
      for (const { example, outcome } of await kept.traces.next()) {
        const verdict = verdictOf(outcome, rows.get(example), chosen.config);
        judged.set(example, { verdict, seconds: outcome.seconds });
        this.#tree.judged(test, split, example, verdict.kind === 'passed');
        this.#keep(target, example, kept);
        show(example);
      }
    };
    try {
      return await lookingOn(look, () => work(folder));
    } finally {
      if (!run.token.isCancellationRequested) for (const { id } of this.#tree.relist(test, split)) show(id);
      await this.#dropUnused(target, kept);
    }
  }

  #keep(target: Target, row: number, kept: Kept): void {
    const own = this.#traceOf.get(keyOf(target)) ?? new Map<number, Kept>();
    this.#traceOf.set(keyOf(target), own.set(row, kept));
  }

  /** Traces of which every row was run once more. */
  async #dropUnused(target: Target, latest: Kept): Promise<void> {
    const used = new Set(this.#traceOf.get(keyOf(target))?.values());
    const all = [...(this.#kept.get(keyOf(target)) ?? []), latest];
    this.#kept.set(
      keyOf(target),
      all.filter((kept) => used.has(kept)),
    );
    for (const { folder } of all.filter((kept) => !used.has(kept))) await rm(folder, { recursive: true, force: true });
  }
}

interface Following {
  readonly run: vscode.TestRun;
  readonly results: TestResults;
  readonly target: Target;
  readonly all: readonly Example[];
  readonly chosen: Configured;
}

/** Calls `look` again and again while `work` goes on, one at a time, and once behind it. */
async function lookingOn<T>(look: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  let looking: Promise<void> | null = null;
  const timer = setInterval(() => {
    // What goes wrong here goes wrong below too.
    looking ??= look()
      .catch(() => undefined)
      .finally(() => {
        looking = null;
      });
  }, lookMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await (looking as Promise<void> | null);
    await look();
  }
}

function summary({ test, split, rows }: Target, all: readonly Example[], measured: MeasuredProgram): string {
  const { usage, n } = measured;
  const score = evaluationText({ ...measured, split });
  const reached = rows === null || n === all.length ? score : l10n.t`${score} of ${all.length}`;
  const paid =
    usage.calls + usage.cached === 0
      ? l10n.t('nothing paid for: every row was remembered')
      : l10n.t`${counted(usage.calls, 'call')} paid for, ${counted(usage.cached, 'call')} from the memo`;
  return `${test.key}: ${reached}; ${paid}.`;
}

const keyOf = ({ test, split }: Pick<Target, 'test' | 'split'>): string => `${split} ${test.id}`;
