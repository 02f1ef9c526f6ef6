import type { Comparison, ComparisonCell, Lattice } from '../../comparison.ts';
import type { LoggedEvent } from '../../protocol.ts';
import { Progress } from '../../run/text/progress.ts';
import { onScreen } from '../../run/text/screenText.ts';
import type { ScreenText } from '../../run/text/screenText.ts';
import { startName, stepName } from '../../view/words.ts';
import type { Terminal } from './terminal.ts';

/**
 * What the runs of a comparison are doing: each step once. A step that an earlier cell has done is recalled by the next
 * one in a moment, and not shown again.
 */
export class ComparisonProgress {
  readonly #terminal: Terminal;
  readonly #told = new Set<string>();
  #progress: Progress;
  #seed: number | null = null;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#progress = this.#newProgress();
  }

  begin(work: ComparisonCell | Lattice, comparison: Comparison): void {
    this.#progress.end();
    this.#progress = this.#newProgress();
    this.#seed = work.seed;
    this.line(onScreen`\n${nameOf(work, comparison)}, seed ${work.seed}`);
  }

  /** Later cells of the seed do not show the steps of this cell's run again. */
  endRun(): void {
    this.#progress.end();
    for (const { prefix, status } of this.#progress.view.steps) {
      if (status === 'done') this.#told.add(`${this.#seed}|${prefix}`);
    }
  }

  onEvent(event: LoggedEvent): void {
    this.#progress.onEvent(event, 'prefix' in event && this.#told.has(`${this.#seed}|${event.prefix}`));
  }

  line(text: string | ScreenText): void {
    this.#progress.line(text);
  }

  end(): void {
    this.#progress.end();
  }

  #newProgress(): Progress {
    return new Progress(this.#terminal);
  }
}

function nameOf(work: ComparisonCell | Lattice, { cells, from }: Comparison): string {
  if (!('strategy' in work)) return 'lattice';
  const { strategy, seed } = work;
  const place = cells.findIndex((cell) => cell.strategy === strategy && cell.seed === seed) + 1;
  return `cell ${place} of ${cells.length}: ${stepName(strategy, startName(from))}`;
}
