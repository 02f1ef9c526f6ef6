/** What a run says about metrics that are asked for feedback about one predictor (`RunRequest.feedbackFor`). */
import { placeText } from '../base/placeText.ts';
import type { AboutPredictor, ProgramOutcome, UserCodeError } from '../data/trace.ts';
import type { RunEvent } from '../protocol.ts';

export interface Asked {
  readonly feedbackFor?: string | undefined;
  readonly example: { readonly id: number };
}

/** Warns once in a run of scores that are not used, and once of errors. */
export class PredictorFeedbackWarnings {
  readonly #append: (event: RunEvent) => void;
  readonly #said = new Set<string>();

  constructor(append: (event: RunEvent) => void) {
    this.#append = append;
  }

  add({ feedbackFor, example }: Asked, { aboutPredictor, score }: ProgramOutcome): void {
    if (feedbackFor === undefined || aboutPredictor === undefined) return;
    const kind = 'error' in aboutPredictor ? 'error' : 'score';
    if (this.#said.has(kind)) return;
    this.#said.add(kind);
    const asked = `asked for feedback about the predictor '${feedbackFor}' (train row ${example.id + 1})`;
    this.#append({ type: 'warning', message: warning(asked, aboutPredictor, score) });
  }
}

function warning(asked: string, about: AboutPredictor, score: number): string {
  if ('error' in about)
    return `The metric fails where it is ${asked}: ${placed(about.error)}. Scores stay as they are.`;
  return (
    `The metric gives ${about.score} where it is ${asked}, and ${score} otherwise. The score of the whole program ` +
    'counts; what the metric gives with feedback about a predictor is not used.'
  );
}

function placed({ message, file, line, cell }: UserCodeError): string {
  return file === undefined ? message : `${message} (${placeText({ file, line, cell })})`;
}
