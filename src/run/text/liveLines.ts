import type { Screen } from './screen.ts';
import { joined, onScreen } from './screenText.ts';
import type { ScreenText } from './screenText.ts';

const redrawMs = 100;

/** Takes away so many lines, the cursor at the end of the last; it is then at the beginning of the first. */
export function eraseLines(count: number): ScreenText {
  if (count === 0) return onScreen``;
  return joined([onScreen`\r${erased}`, ...Array.from({ length: count - 1 }, () => onScreen`\u001B[1A${erased}`)]);
}

/** Takes away the line that the cursor is on. */
const erased = onScreen`\u001B[2K`;

/** What is on the screen once `text` was sent: behind the last line that it takes away. */
export function afterErasing(text: ScreenText): ScreenText {
  const mark = String(erased);
  return text.slice(String(text).lastIndexOf(mark) + mark.length);
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
    const cut = lines.map((line) => onScreen`${line}`.slice(0, width));
    this.#screen.err(onScreen`${eraseLines(Math.max(1, this.#drawn))}${joined(cut, onScreen`\n`)}`);
    this.#drawn = lines.length;
  }

  erase(): void {
    if (this.#drawn > 0) this.#screen.err(eraseLines(this.#drawn));
    this.#drawn = 0;
  }
}
