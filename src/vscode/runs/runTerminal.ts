/** A terminal that follows the log of a run. It only watches: closing it leaves the run alone. */
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { exitCode, messageOf } from '../../base/errors.ts';
import { RunTail } from '../../run/reading/runTail.ts';
import type { RunView } from '../../view/runView.ts';
import { runFiles } from '../../run/record/runFolder.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';
import { workerOf } from '../../run/reading/summary.ts';
import { afterErasing, eraseLines } from '../../run/text/liveLines.ts';
import { Progress } from '../../run/text/progress.ts';
import type { Screen } from '../../run/text/screen.ts';
import { joined, onScreen, screenBlock, screenError } from '../../run/text/screenText.ts';
import type { ScreenText } from '../../run/text/screenText.ts';
import { resultTable } from '../../run/text/table.ts';
import { Dismissed } from '../base/errors.ts';
import { whyItStopped } from '../../editor/items/runText.ts';
import { lastOutput } from '../../editor/processes/runProcess.ts';

const pollMs = 300;

/** Progress on a clock of its own, its lines gathered until `flush`. */
interface Shown {
  readonly progress: Progress;
  /** Sets the clock, in ms. */
  at(time: number): void;
  flush(): void;
  /** Takes the live lines away. */
  clear(): void;
}

export interface FollowHooks {
  /** The run to follow; may start it first. */
  begin(): Promise<RunLocation>;
  /** The terminal was closed while the run works. */
  left(run: RunLocation): void;
  failed(error: unknown): void;
}

export class RunTerminal implements vscode.Pseudoterminal {
  readonly #written = new vscode.EventEmitter<string>();
  readonly #closed = new vscode.EventEmitter<number>();
  readonly onDidWrite = this.#written.event;
  readonly onDidClose = this.#closed.event;
  readonly #hooks: FollowHooks;
  #columns = 100;
  #run: RunLocation | null = null;
  #ended = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(hooks: FollowHooks) {
    this.#hooks = hooks;
  }

  open(dimensions: vscode.TerminalDimensions | undefined): void {
    this.setDimensions(dimensions);
    this.#begin().catch((error: unknown) => {
      if (!(error instanceof Dismissed)) this.#write(screenError(messageOf(error)));
      this.#hooks.failed(error);
      this.#end(exitCode.failed);
    });
  }

  setDimensions(dimensions: vscode.TerminalDimensions | undefined): void {
    this.#columns = dimensions?.columns ?? this.#columns;
  }

  close(): void {
    clearTimeout(this.#timer);
    if (!this.#ended && this.#run !== null) this.#hooks.left(this.#run);
    this.#ended = true;
  }

  async #begin(): Promise<void> {
    const run = await this.#hooks.begin();
    this.#run = run;
    if (!this.#ended) await this.#follow(run, new RunTail(run.folder), this.#progress());
  }

  /** The clock of the progress is that of the log, so that a replay shows the pace that there was. */
  #progress(): Shown {
    let clock = 0;
    let drawn: ScreenText | null = null;
    let lines: readonly ScreenText[] = [];
    let standing = 0;
    const clear = () => {
      if (standing > 0) this.#write(eraseLines(standing));
      standing = 0;
    };
    const screen: Screen = {
      live: true,
      columns: () => this.#columns,
      // Only the last of many states of the live lines is worth sending, and none of those before was: what it takes
      // away is not what is on the screen.
      err: (text) => {
        if (String(text).endsWith('\n')) lines = [...lines, text];
        else drawn = afterErasing(text);
      },
    };
    return {
      progress: new Progress(screen, () => clock),
      at: (time) => {
        clock = time;
      },
      flush: () => {
        if (lines.length === 0 && drawn === null) return;
        clear();
        const live = String(drawn ?? '');
        this.#write(joined([...lines, ...(drawn === null ? [] : [drawn])]));
        if (live !== '') standing = live.split('\n').length;
        lines = [];
        drawn = null;
      },
      clear,
    };
  }

  async #follow(run: RunLocation, tail: RunTail, shown: Shown): Promise<void> {
    const working = workerOf(run) !== null;
    const events = await tail.read();
    for (const event of events) {
      shown.at(Date.parse(event.time));
      shown.progress.onEvent(event);
    }
    if (this.#ended) return;
    if (events.length > 0) shown.flush();
    if (tail.view.end === 'finished' || (!working && events.length === 0)) return this.#finish(run, tail.view, shown);
    this.#timer = setTimeout(() => {
      this.#follow(run, tail, shown).catch((error: unknown) => {
        this.#hooks.failed(error);
        this.#end(exitCode.failed);
      });
    }, pollMs);
  }

  async #finish(run: RunLocation, view: RunView, shown: Shown): Promise<void> {
    shown.clear();
    if (view.started === null) {
      this.#write(screenBlock(`${await lastOutput(runFiles(run.folder).output)}\n`));
      return this.#end(exitCode.failed);
    }
    this.#write(onScreen`\n${resultTable(view)}`);
    if (view.stopped !== null) this.#write(onScreen`\n${l10n.t`stopped: ${whyItStopped(view.stopped)}`}\n`);
    if (view.end === 'open')
      this.#write(
        onScreen`\n${l10n.t('The process ended without a word: it was killed, or the machine went down.')}\n`,
      );
    if (view.end !== 'finished')
      this.#write(
        onScreen`${l10n.t('"Resume Run", beside it in the view BetterTogether or in the palette, goes on and pays nothing twice.')}\n`,
      );
    this.#end(codeOf(view));
  }

  #write(text: ScreenText): void {
    this.#written.fire(String(text).replaceAll(/\r?\n/g, '\r\n'));
  }

  #end(code: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#closed.fire(code);
  }
}

/** As the command line ends, but that a run which somebody cancelled has not failed. */
function codeOf({ end, stopped }: RunView): number {
  if (end === 'finished' || stopped?.reason === 'cancelled') return exitCode.done;
  return stopped?.reason === 'budget' ? exitCode.budget : exitCode.failed;
}
