/** What a service said by an error, wherever in its answer that was: one reading for runs and for a program on its own. */
import { ErrorAnswer } from './answerErrors.ts';
import { statusWithin } from './errorMeaning.ts';
import { wordsOf, type ErrorWords } from './errorWords.ts';
import type { HeaderReader } from './headerReader.ts';

export interface ServiceSaid {
  /** Of HTTP: the answer's own, or what an error that came with status 200 means. */
  readonly status: number;
  readonly words: ErrorWords;
  /** `429 Rate limit exceeded`, as it came. */
  readonly text: string;
  /** `undefined`: those of an answer with status 200. */
  readonly headers: HeaderReader | undefined;
  /** With status 200: whether an answer had begun, which may be charged. `null`: it came with a status of its own. */
  readonly begun: boolean | null;
}

/** The `openai` package's `APIError` with a status, known by its traits: a program on its own loads the package late. */
interface FailedAnswer extends Error {
  readonly status: number;
  readonly error?: unknown;
  readonly code?: unknown;
  readonly headers?: HeaderReader | undefined;
}

const isFailedAnswer = (error: unknown): error is FailedAnswer =>
  error instanceof Error && 'status' in error && typeof error.status === 'number' && 'error' in error;

/** `null`: an error that no service spoke of. */
export function serviceSaid(error: unknown): ServiceSaid | null {
  if (error instanceof ErrorAnswer) {
    const { words, begun } = error;
    const text = `${words.status ?? 'error'} ${words.text}`;
    return { status: statusWithin(words), words, text, headers: undefined, begun };
  }
  if (!isFailedAnswer(error)) return null;
  const { status, headers } = error;
  const words = wordsOf({ error: error.error, code: error.code });
  const text = words.text === '' ? error.message : `${status} ${words.text}`;
  return { status, words, text, headers, begun: null };
}
