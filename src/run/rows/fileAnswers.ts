/** What a program was given and answered, by the spans of an exported file. */
import { UsageError } from '../../base/errors.ts';
import type { Fields, JsonValue } from '../../base/json.ts';
import type { Answer } from './answer.ts';
import type { ExportedSpan } from './exportedSpans.ts';

export interface FieldNames {
  /** What a text that was given, or answered, without a name is called. */
  readonly input: string;
  readonly output: string;
}

export interface FileAnswers {
  readonly answers: readonly Answer[];
  /** Spans that are left out: what went in was cut where they were sent. */
  readonly cut: number;
}

/**
 * Of the topmost spans that say what went in; with a predictor, of the spans of that name.
 *
 * @throws UsageError naming the spans there are, where none is meant.
 */
export function fileAnswers(
  file: string,
  spans: readonly ExportedSpan[],
  predictor: string | null,
  names: FieldNames,
): FileAnswers {
  const told = spans.filter(({ input }) => input !== null);
  const meant = predictor === null ? topmost(spans) : told.filter((span) => isOf(span, predictor));
  if (meant.length > 0) {
    const whole = meant.filter(({ isInputCut }) => !isInputCut);
    return { answers: whole.map((span) => answerOf(span, names)), cut: meant.length - whole.length };
  }
  if (told.length === 0) {
    throw new UsageError(
      `${file}: none of its ${spans.length} spans says what went in: export them with their contents.`,
    );
  }
  const known = [...new Set(told.map(({ name }) => name))].slice(0, 10).map((name) => `"${name}"`);
  throw new UsageError(`${file} has no span of predictor "${predictor}". There are: ${known.join(', ')}.`);
}

/** Those above which no span says what went in: a session around program runs may say nothing. */
function topmost(spans: readonly ExportedSpan[]): readonly ExportedSpan[] {
  const byId = new Map(spans.filter(({ id }) => id !== '').map((span) => [span.id, span]));
  return spans.filter((span) => {
    if (span.input === null) return false;
    const seen = new Set<ExportedSpan>([span]);
    for (let above = byId.get(span.parent); above !== undefined && !seen.has(above); above = byId.get(above.parent)) {
      if (above.input !== null) return false;
      seen.add(above);
    }
    return true;
  });
}

/** Named as we name it, or as instrumentation of DSPy names the call of a module: `Predict.forward`. */
function isOf({ name, attributes }: ExportedSpan, predictor: string): boolean {
  return name === predictor || attributes['bettertogether.predictor'] === predictor || name === `${predictor}.forward`;
}

function answerOf({ input, output, failed }: ExportedSpan, names: FieldNames): Answer {
  return {
    inputs: fieldsOf(input, names.input),
    outputs: output === null ? null : fieldsOf(output, names.output),
    failed,
  };
}

function fieldsOf(value: JsonValue, name: string): Fields {
  if (Array.isArray(value)) return { [name]: messageIn(value) ?? value };
  if (value === null || typeof value !== 'object') return { [name]: value };
  const fields = value as Fields;
  // How calls of Python are written: arguments by name are the fields.
  const { args, kwargs, messages } = fields;
  if (isFields(kwargs) && (Array.isArray(args) || Object.keys(fields).length === 1)) return kwargs;
  if (Array.isArray(messages)) return { [name]: messageIn(messages) ?? messages };
  return fields;
}

/** What was said last, where the list is one of messages. */
function messageIn(list: readonly JsonValue[]): string | null {
  const last = list.findLast((one) => isFields(one) && 'role' in one);
  if (!isFields(last)) return null;
  const { content, parts } = last;
  if (typeof content === 'string') return content;
  const texts = (Array.isArray(parts) ? parts : Array.isArray(content) ? content : []).flatMap((part: JsonValue) =>
    isFields(part) ? [part['content'] ?? part['text']] : [],
  );
  return texts.every((each) => typeof each === 'string') && texts.length > 0 ? texts.join('\n') : null;
}

function isFields(value: JsonValue | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
