/** Answers with status 200 that are errors. */
import { shown } from '../base/keys.ts';
import { wordsOf, type ErrorWords } from './errorWords.ts';

/** One that is not an answer: cut off, not JSON, or not of the shape of a completion. */
export class BrokenAnswer extends Error {
  override readonly name = 'BrokenAnswer';
  /** What to do about it, as a sentence, where it is not what there is to do about an endpoint that does not answer. */
  readonly advice: string | null;

  /**
   * @param why `not JSON`.
   * @param answer all of it, in whatever form it came.
   */
  constructor(why: string, answer: unknown, advice: string | null = null) {
    super(`${why}: ${shown(typeof answer === 'string' ? answer : (JSON.stringify(answer) ?? 'nothing'), 120)}`);
    this.advice = advice;
  }
}

/** One that is an error: a router's whose service failed, say, or a rate limit. */
export class ErrorAnswer extends Error {
  override readonly name = 'ErrorAnswer';
  readonly words: ErrorWords;
  /** Whether an answer had begun, which may be charged. */
  readonly begun: boolean;

  /** @param body all of the answer, or the error within it. */
  constructor(body: unknown, begun: boolean) {
    super('an error with status 200');
    this.words = wordsOf(body);
    this.begun = begun;
  }
}
