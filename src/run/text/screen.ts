import type { ScreenText } from './screenText.ts';

/** Where lines about a run go: a terminal of the command line, or one of the editor. */
export interface Screen {
  err(text: ScreenText): void;
  /** A line may be drawn over. */
  readonly live: boolean;
  columns(): number;
}
