import type { Screen } from './screen.ts';

const redrawMs = 100;

/** Takes away so many lines, the cursor at the end of the last; it is then at the beginning of the first. */
export function eraseLines(count: number): string {
  return count === 0 ? '' : `\r\u001B[2K${'\u001B[1A\u001B[2K'.repeat(count - 1)}`;
}

/** Lines at the bottom of a terminal that are drawn over again and again. */
export class LiveLines {
  readonly #screen: Screen;
  readonly #now: () => number;
  #drawn = 0;
  #drawnAt = 0;

  constructor(screen: Screen, now: () => number) {
    this.#screen = screen;
    this.#now = now;
  }

  /** At most ten times a second: the lines of a moment in between are never seen. */
  draw(lines: readonly string[]): void {
    const now = this.#now();
    if (now - this.#drawnAt < redrawMs && this.#drawn > 0) return;
    this.#drawnAt = now;
    // A line that wraps could not be taken away again.
    const width = Math.max(20, this.#screen.columns() - 1);
    const text = lines.map((line) => line.slice(0, width)).join('\n');
    this.#screen.err(`${eraseLines(Math.max(1, this.#drawn))}${text}`);
    this.#drawn = lines.length;
  }

  erase(): void {
    if (this.#drawn > 0) this.#screen.err(eraseLines(this.#drawn));
    this.#drawn = 0;
  }
}
