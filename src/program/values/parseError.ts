import type { Fields } from '../../base/json.ts';

const brand = Symbol.for('bettertogether.parseError.1');

/**
 * An answer of the LM that is not in the predictor's format: a field is missing, or its text is not of the field's
 * type. In a run the example scores 0 and counts; in production the caller decides.
 *
 * @example
 * try { await program.call({ question }); }
 * catch (error) { if (error instanceof ParseError) console.error(error.field, error.completion); else throw error; }
 */
export class ParseError extends Error {
  override readonly name = 'ParseError';
  /** The field that could not be read. */
  readonly field: string;
  /** What the LM said. */
  readonly completion: string;
  /** The fields that could be read. */
  readonly parsed: Fields;
  readonly [brand] = true;

  constructor(message: string, at: { readonly field: string; readonly completion: string; readonly parsed?: Fields }) {
    super(message);
    this.field = at.field;
    this.completion = at.completion;
    this.parsed = at.parsed ?? {};
  }
}

/** Like `instanceof ParseError`, also for errors of another copy of this package in the same process. */
export function isParseError(error: unknown): error is ParseError {
  return error instanceof ParseError || (typeof error === 'object' && error !== null && brand in error);
}

/** How a field of the signature is missing from an answer. */
export function missingField(field: string, completion: string, parsed: Fields): ParseError {
  return new ParseError(`The answer has no field '${field}': ${excerpt(completion)}`, { field, completion, parsed });
}

/** The start of a completion as messages quote it. */
export function excerpt(text: string): string {
  return text.length > 200 ? `${JSON.stringify(text.slice(0, 200))}…` : JSON.stringify(text);
}
