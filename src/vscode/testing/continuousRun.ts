/** Evaluates programs again whenever what they are made of changes, under one cap for as long as it is on. */
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { dataFilesPattern } from '../../config/dataEndings.ts';
import { checkPrices } from '../../config/resolve.ts';
import { messageOf } from '../../base/errors.ts';
import type { BudgetCaps } from '../../config/resolved.ts';
import { debounced } from '../../editor/coalesce.ts';
import { parseCap } from '../../editor/settings/caps.ts';
import { SourceHashes } from '../../editor/sourceHashes.ts';
import { allowanceOf, leftOf, spentText, withSpent } from '../../editor/tests/allowance.ts';
import type { Allowance } from '../../editor/tests/allowance.ts';
import { filesOf, reads } from '../../editor/tests/watched.ts';
import type { Watched } from '../../editor/tests/watched.ts';
import { Disposables } from '../base/disposables.ts';
import { Dismissed, showError } from '../base/errors.ts';
import { notify } from '../base/messages.ts';
import { askText } from '../base/picker.ts';
import { configured } from '../optimize/configured.ts';
import type { Configured } from '../optimize/configured.ts';
import { agreeToMeasure } from '../optimize/measure.ts';
import type { Session } from '../session/session.ts';
import { sourcesPattern } from '../programs/programIndex.ts';
import { priceOf } from './price.ts';
import type { Target } from './targets.ts';
import type { Ended, TestRunner } from './testRunner.ts';
import type { TestTree } from './testTree.ts';

/** Several files are saved at once: by a formatter, by a checkout. */
const settleMs = 500;

export interface ContinuousParts {
  readonly session: Session;
  readonly tree: TestTree;
  readonly runner: TestRunner;
  /** Begins a test run for a target. */
  begin(target: Target): vscode.TestRun;
}

interface Watching {
  readonly target: Target;
  readonly watched: Watched;
}

export class ContinuousRun implements vscode.Disposable {
  readonly #parts: ContinuousParts;
  readonly #own = new Disposables();
  readonly #hashes = new SourceHashes();
  readonly #programs = new Map<string, Watching>();
  readonly #touched = new Set<string>();
  readonly #pending = new Set<string>();
  readonly #settle = debounced(() => void this.#changed(), settleMs);
  #allowance: Allowance | null = null;
  #working = false;
  #asking = false;
  #ended = false;

  constructor(parts: ContinuousParts) {
    this.#parts = parts;
    this.#own.add({ dispose: () => this.#settle.cancel() });
  }

  /**
   * Asks for the cap, evaluates once, and goes on until it is disposed.
   *
   * @throws Dismissed when the person does not agree to what an evaluation sends.
   */
  async start(targets: readonly Target[]): Promise<void> {
    const { session } = this.#parts;
    const all: Configured[] = [];
    for (const target of targets) {
      const { id, program } = target.test;
      const chosen = await configured(session, program, l10n.t('Continuous Run'));
      await agreeToMeasure(session, chosen);
      all.push(chosen);
      this.#programs.set(id, { target, watched: watchedOf(target, chosen) });
      this.#pending.add(id);
    }
    if (this.#ended) return;
    this.#watch();
    const price = await this.#price(targets, all);
    await this.#askCap(price, all);
    await this.#work();
  }

  /** A program that does not work now may do so after the next save: that is no reason not to wait for it. */
  async #price(targets: readonly Target[], all: readonly Configured[]): Promise<string | null> {
    try {
      return await priceOf(this.#parts.session, targets, all, this.#parts.tree);
    } catch (error) {
      showError(error, this.#parts.session.log);
      return null;
    }
  }

  dispose(): void {
    this.#ended = true;
    this.#pending.clear();
    this.#own.dispose();
  }

  #watch(): void {
    const touched = ({ fsPath }: vscode.Uri): void => {
      this.#touched.add(fsPath);
      this.#settle();
    };
    this.#own.add(vscode.workspace.onDidSaveTextDocument(({ uri }) => touched(uri)));
    for (const pattern of [sourcesPattern, dataFilesPattern]) {
      const watcher = this.#own.add(vscode.workspace.createFileSystemWatcher(pattern));
      for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete])
        this.#own.add(event(touched));
    }
  }

  /** Programs that read what was touched, where it is really another than the latest evaluation saw. */
  async #changed(): Promise<void> {
    const files = [...this.#touched];
    this.#touched.clear();
    for (const [id, { watched }] of this.#programs) {
      const own = files.filter((file) => reads(watched, file));
      if (own.length === 0) continue;
      const other = own.some((file) => watched.files.includes(file));
      if (other || watched.sources === null || (await this.#hashes.differ(watched.sources))) this.#pending.add(id);
      if (other) await this.#parts.session.roots.refresh();
    }
    await this.#work();
  }

  async #work(): Promise<void> {
    if (this.#working || this.#ended || this.#pending.size === 0) return;
    this.#working = true;
    try {
      while (this.#pending.size > 0 && !this.#ended) {
        const left = this.#allowance === null ? null : leftOf(this.#allowance);
        if (left === null) break;
        const [id] = this.#pending;
        this.#pending.delete(id!);
        if ((await this.#evaluate(id!, left)) === 'budget') {
          this.#pending.add(id!);
          break;
        }
      }
    } finally {
      this.#working = false;
    }
    if (this.#pending.size > 0) this.#pause();
  }

  async #evaluate(id: string, left: BudgetCaps): Promise<Ended['how']> {
    const watching = this.#programs.get(id);
    const test = this.#parts.tree.find(id)?.test;
    if (watching === undefined || test === undefined) return 'cancelled';
    const target = { ...watching.target, test };
    const run = this.#parts.begin(target);
    try {
      const spent = (usage: Parameters<typeof withSpent>[1]): void => {
        if (this.#allowance !== null) this.#allowance = withSpent(this.#allowance, usage);
      };
      const ended = await this.#parts.runner.evaluate(run, target, { caps: left, spent });
      const sources = ended.how === 'measured' ? await this.#hashes.comparable(ended.sources) : null;
      this.#programs.set(id, { target, watched: { ...watching.watched, sources } });
      return ended.how;
    } finally {
      run.end();
    }
  }

  /** Says that the cap is met, once as long as nobody answers. */
  #pause(): void {
    if (this.#asking || this.#ended) return;
    this.#asking = true;
    const names = [...this.#pending].flatMap((id) => this.#programs.get(id)?.target.test.key ?? []).join(', ');
    const text =
      this.#allowance === null
        ? l10n.t`The continuous run of ${names} has no cap, and waits for one.`
        : l10n.t`The continuous run of ${names} is paused: ${spentText(this.#allowance)} spent, and what is left is not enough.`;
    const goOn = this.#allowance === null ? l10n.t('Set a Cap…') : l10n.t('Go On…');
    void notify('warning', text, goOn)
      .then(async (chosen) => {
        this.#asking = false;
        if (chosen !== goOn || this.#ended) return;
        await this.#askCap(null, []);
        await this.#work();
      })
      .catch((error: unknown) => showError(error, this.#parts.session.log));
  }

  /** What it may spend from now on, beside what it has spent. Without an answer it is paused. */
  async #askCap(price: string | null, all: readonly Configured[]): Promise<void> {
    const keys = [...this.#programs.values()].map(({ target }) => target.test.key).join(', ');
    const most =
      this.#allowance === null
        ? l10n.t('At most this much is spent in all, until it is turned off')
        : l10n.t('At most this much is spent from now on, until it is turned off');
    const prompt = price === null ? most : `${price} ${most}`;
    try {
      const text = await askText({
        title: l10n.t`Continuous run of ${keys}`,
        prompt,
        placeholder: '$1, 200 calls, 100k tokens',
        check: (typed) => problemOf(typed, all),
      });
      this.#allowance = allowanceOf(parseCap(text)!);
    } catch (error) {
      if (!(error instanceof Dismissed)) throw error;
    }
  }
}

function problemOf(text: string, all: readonly Configured[]): string | null {
  try {
    const cap = parseCap(text);
    if (cap === undefined) return l10n.t('A continuous run needs a cap: $1, 200 calls or 100k tokens.');
    for (const { config } of all) checkPrices(config, { calls: null, tokens: null, usd: null, ...cap });
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

function watchedOf({ test: { program } }: Target, { root, config }: Configured): Watched {
  const { file, language } = program;
  return { root, file, language, files: filesOf(root, config), sources: null };
}
