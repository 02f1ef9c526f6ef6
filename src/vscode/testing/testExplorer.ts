/** The programs of `bettertogether.json` in VS Code's Test Explorer: a controller, as long as there is one to show. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { UsageError } from '../../base/errors.ts';
import { isBuiltInCode } from '../../config/dataset.ts';
import type { Example } from '../../data/program.ts';
import { testControllerId } from '../../editor/names.ts';
import { evaluationText } from '../../editor/items/scores.ts';
import { programTests } from '../../editor/tests/programTests.ts';
import type { ProgramTest, TestSplit } from '../../editor/tests/programTests.ts';
import { loadSplit } from '../../run/data/loadData.ts';
import { Disposables } from '../base/disposables.ts';
import { Dismissed, showError } from '../base/errors.ts';
import { agreesTo } from '../base/messages.ts';
import { requireTrust } from '../base/trust.ts';
import { resolved, rootOf } from '../optimize/configured.ts';
import type { Session } from '../session/session.ts';
import { ContinuousRun } from './continuousRun.ts';
import { targetsOf } from './targets.ts';
import type { Target } from './targets.ts';
import { TestRunner } from './testRunner.ts';
import { splitTags, TestTree } from './testTree.ts';

interface Open {
  readonly tree: TestTree;
  readonly runner: TestRunner;
  readonly parts: Disposables;
}

export class TestExplorer implements vscode.Disposable {
  readonly #session: Session;
  readonly #own = new Disposables();
  #folder: Promise<string> | null = null;
  #open: Open | null = null;

  constructor(session: Session) {
    this.#session = session;
    const { programs, roots, knowledge } = session;
    for (const { onDidChange } of [programs, roots]) this.#own.add(onDidChange(() => this.#update()));
    this.#own.add(knowledge.onDidChange(() => this.#open?.tree.describe()));
    this.#own.add(vscode.workspace.onDidGrantWorkspaceTrust(() => this.#update()));
    this.#update();
  }

  /** @param argument of a menu: a test item, or a message with the item that it is about. */
  async openTrace(argument: unknown): Promise<void> {
    const named = argument as { readonly test?: vscode.TestItem; readonly id?: unknown } | undefined;
    const item = named?.test ?? (typeof named?.id === 'string' ? (argument as vscode.TestItem) : undefined);
    if (this.#open === null || item === undefined) {
      throw new UsageError(
        l10n.t('Choose a row in the Testing view, or a failure in Test Results: its trace is opened from there.'),
      );
    }
    await this.#open.runner.openTrace(item);
  }

  dispose(): void {
    this.#close();
    this.#own.dispose();
    void this.#folder?.then((folder) => rm(folder, { recursive: true, force: true }));
  }

  #update(): void {
    const { programs, roots } = this.#session;
    const tests = programTests(programs.all, roots.all);
    const problems = roots.all.flatMap(({ folder, problem }) =>
      problem === null ? [] : [[folder, problem.message] as const],
    );
    if (tests.length === 0 && (problems.length === 0 || this.#open === null)) return this.#close();
    this.#open ??= this.#start();
    this.#open.tree.sync(tests, new Map(problems));
  }

  /** For traces, of this window and this user alone; made when there is the first one to keep. */
  #traces(): Promise<string> {
    this.#folder ??= mkdtemp(join(tmpdir(), 'bettertogether-traces-'));
    return this.#folder;
  }

  #close(): void {
    this.#open?.parts.dispose();
    this.#open = null;
  }

  #start(): Open {
    const parts = new Disposables();
    const controller = parts.add(vscode.tests.createTestController(testControllerId, l10n.t('LM programs')));
    const tree = new TestTree({
      controller,
      load: (test, split) => this.#load(test, split),
      scoreOf: (test) => this.#scoreOf(test),
    });
    const runner = new TestRunner(this.#session, tree, () => this.#traces());
    controller.resolveHandler = async (item) => {
      if (item !== undefined) await tree.resolve(item);
    };
    controller.refreshHandler = async () => {
      await this.#session.roots.refresh();
      await this.#session.programs.refresh();
      for (const item of tree.programs) if (item.children.size > 0) await tree.resolve(item);
    };
    const { Run } = vscode.TestRunProfileKind;
    const profile = (label: string, split: TestSplit): vscode.TestRunProfile =>
      parts.add(
        controller.createRunProfile(
          label,
          Run,
          (request, token) =>
            this.#handle(() =>
              request.continuous === true
                ? this.#continuous(request, { controller, tree, runner }, parts, token)
                : this.#run(request, split, { controller, tree, runner }),
            ),
          split === 'dev',
          splitTags[split],
          split === 'dev',
        ),
      );
    profile(l10n.t('Dev Rows'), 'dev');
    profile(l10n.t('Test Rows (held out)'), 'test');
    return { tree, runner, parts };
  }

  async #handle(work: () => Promise<void>): Promise<void> {
    try {
      requireTrust(l10n.t('Running a program as a test'));
      await work();
    } catch (error) {
      showError(error, this.#session.log);
    }
  }

  async #run(request: vscode.TestRunRequest, split: TestSplit, { controller, tree, runner }: Running): Promise<void> {
    if (split === 'test' && request.include === undefined) {
      throw new UsageError(
        l10n.t('Test rows are held out, and not run with all: run those of one program by themselves.'),
      );
    }
    const targets = targetsOf(request, split, tree);
    if (targets.length === 0) return;
    if (split === 'test') await agreeToTest(targets);
    const run = controller.createTestRun(request);
    try {
      for (const target of targets) await runner.evaluate(run, target, { caps: null, spent: () => undefined });
    } finally {
      run.end();
    }
  }

  async #continuous(
    request: vscode.TestRunRequest,
    { controller, tree, runner }: Running,
    parts: Disposables,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const targets = targetsOf(request, 'dev', tree);
    if (targets.length === 0) return;
    const begin = (target: Target): vscode.TestRun => {
      const above = tree.above(target.test, 'dev')!;
      const rows = target.rows?.flatMap((row) => tree.rowItem(target.test, 'dev', row) ?? []);
      const of = new vscode.TestRunRequest(rows ?? [above], undefined, request.profile, true);
      return controller.createTestRun(of, l10n.t`${target.test.key}, after a change`);
    };
    const continuous = parts.add(new ContinuousRun({ session: this.#session, tree, runner, begin }));
    token.onCancellationRequested(() => continuous.dispose());
    if (token.isCancellationRequested) continuous.dispose();
    await continuous.start(targets);
  }

  async #load({ program, key }: ProgramTest, split: TestSplit): Promise<readonly Example[]> {
    const { root } = program;
    const config = await resolved(rootOf(this.#session, program), key);
    const file = config.data[split] ?? config.data.train;
    if (isBuiltInCode(file)) requireTrust(l10n.t`Making the rows of ${file}`);
    return loadSplit(config, split, root, isBuiltInCode(file) ? await this.#session.environment(root) : {});
  }

  #scoreOf({ program }: ProgramTest): string {
    const { evaluation, score, stale } = this.#session.knowledge.of(program);
    if (evaluation === null) return '';
    return `${evaluationText(evaluation)}${score === null && stale ? ` (${l10n.t('code changed since')})` : ''}`;
  }
}

interface Running {
  readonly controller: vscode.TestController;
  readonly tree: TestTree;
  readonly runner: TestRunner;
}

/** @throws Dismissed when the person thinks better of it. */
async function agreeToTest(targets: readonly Target[]): Promise<void> {
  const names = targets.map(({ test }) => test.key).join(', ');
  const question = l10n.t`Measure ${names} on the test rows?`;
  const detail = l10n.t(
    'Test rows are held out: they say how good a program is on rows that decided nothing. Every look at them that changes what you do next makes them say less. For daily work there are the dev rows.',
  );
  const action = l10n.t('Measure on Test');
  if (!(await agreesTo({ kind: 'warning', question, detail, action }))) throw new Dismissed();
}
