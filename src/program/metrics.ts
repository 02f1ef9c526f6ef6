/** Metrics of ours. The SDK exports all that this file does. */
import { UsageError } from '../base/errors.ts';
import type { Fields, JsonValue } from '../base/json.ts';
import type { TraceCall } from '../data/trace.ts';
import { toJson } from './values/toJson.ts';
import { pythonString } from './values/values.ts';

/**
 * Scores a prediction. `example` has all fields of the data row, `prediction` what the program returned, `trace` the
 * predictor calls of the run and only where a trace is being collected (DSPy: `trace is not None`).
 *
 * A metric with the parameter `predictor`, and no default value in it or before it, is also asked for feedback about one
 * predictor: then it gets its name, one call of it in `calls`, and `trace`. The score of that answer does not count.
 *
 * @example
 * export const metric: Metric = (example, prediction) => prediction.answer === example.answer;
 */
export type Metric = (
  example: Fields,
  prediction: Fields,
  trace?: readonly TraceCall[],
  predictor?: string,
  calls?: readonly TraceCall[],
) => MetricValue | Promise<MetricValue>;

/** True or false, or a number within the program's `metricRange`; alone, or with feedback in words. */
export type MetricValue =
  boolean | number | { readonly score: boolean | number; readonly feedback?: string | null | undefined };

/** A metric of ours: at once, never a promise. */
export type BuiltInMetric = (example: Fields, prediction: Fields, trace?: readonly TraceCall[]) => boolean | number;

/**
 * Exact match after lower-casing, trimming, removing punctuation and collapsing white space (the paper's metric for
 * HotPotQA and Iris). Two plain numbers are compared as numbers, so that '3.5' is not '35' nor '-3' '3'. A list of
 * gold values matches when one of them does.
 *
 * @example exactMatch('answer')({ answer: 'Paris' }, { answer: ' paris. ' }) // true
 */
export function exactMatch(field: string): BuiltInMetric {
  return (example, prediction) => {
    const said = valueOf(prediction, field, 'prediction');
    return golds(valueOf(example, field, 'example')).some((gold) => sameText(gold, said));
  };
}

/**
 * The last number of the answer's first line equals the last number of the gold value (the paper's metric for GSM8K;
 * the gold value may be the number or a worked solution that ends with it).
 *
 * @example lastNumber('answer')({ answer: 72 }, { answer: 'So she sold 48 + 24 = 72 clips.' }) // true
 */
export function lastNumber(field: string): BuiltInMetric {
  return (example, prediction) => {
    const gold = numbersIn(textOf(valueOf(example, field, 'example'))).at(-1);
    if (gold === undefined) throw new UsageError(`lastNumber:${field}: the example's '${field}' holds no number.`);
    const line =
      textOf(valueOf(prediction, field, 'prediction'))
        .trim()
        .split('\n', 1)[0] ?? '';
    return numbersIn(line).at(-1) === gold;
  };
}

/**
 * Token F1 as HotPotQA's own evaluation has it: lower-cased, without punctuation and without the articles a, an and
 * the; `yes`, `no` and `noanswer` count only as a whole. From 0 to 1; with a list of gold values, the best.
 *
 * @example f1('answer')({ answer: 'the Eiffel Tower' }, { answer: 'Eiffel tower, Paris' }) // 0.8
 */
export function f1(field: string): BuiltInMetric {
  return (example, prediction) => {
    const said = textOf(valueOf(prediction, field, 'prediction'));
    return Math.max(0, ...golds(valueOf(example, field, 'example')).map((gold) => tokenF1(textOf(gold), said)));
  };
}

function valueOf(fields: Fields, field: string, whose: 'example' | 'prediction'): JsonValue {
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (value !== undefined) return value;
  const known = Object.keys(fields).join(', ') || 'none';
  throw new UsageError(
    `The metric looks for the field '${field}', which the ${whose} does not have (it has: ${known}).`,
  );
}

function golds(value: JsonValue): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
}

/** Of what a program gave back or a row holds: bigints and dates too. */
function textOf(value: unknown): string {
  return pythonString(toJson(value, 'the value', { functions: 'left out' }) ?? null);
}

function sameText(gold: JsonValue, said: JsonValue): boolean {
  const [a, b] = [textOf(gold), textOf(said)];
  const [x, y] = [plainNumber(a), plainNumber(b)];
  const [m, n] = x === y ? [wholeNumber(a), wholeNumber(b)] : [];
  if (m !== undefined && n !== undefined) return m === n;
  return x !== undefined && y !== undefined ? x === y : normalise(a) === normalise(b);
}

/** Of any size, where two may differ and be the same float. */
function wholeNumber(text: string): bigint | undefined {
  return /^\s*[+-]?\d+\s*$/.test(text) ? BigInt(text.trim().replace('+', '')) : undefined;
}

function plainNumber(text: string): number | undefined {
  return /^\s*[+-]?(\d+(\.\d*)?|\.\d+)\s*$/.test(text) ? Number(text) : undefined;
}

/** Python's `string.punctuation`. */
const punctuation = /[!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]/g;

function normalise(text: string): string {
  return text.toLowerCase().replace(punctuation, '').split(/\s+/).filter(Boolean).join(' ');
}

function numbersIn(text: string): readonly number[] {
  const found = text.matchAll(/(?<![\w.])-?\.?\d[\d,]*(?:\.\d+)?|\d[\d,]*(?:\.\d+)?/g);
  return [...found].map(([number]) => Number(number.replaceAll(',', '')));
}

function tokenF1(gold: string, said: string): number {
  const [a, b] = [withoutArticles(gold), withoutArticles(said)];
  const whole = ['yes', 'no', 'noanswer'];
  if ((whole.includes(a) || whole.includes(b)) && a !== b) return 0;
  const [goldTokens, saidTokens] = [a.split(' ').filter(Boolean), b.split(' ').filter(Boolean)];
  const left = new Map<string, number>();
  for (const token of goldTokens) left.set(token, (left.get(token) ?? 0) + 1);
  let common = 0;
  for (const token of saidTokens) {
    const count = left.get(token) ?? 0;
    if (count > 0) common += 1;
    left.set(token, count - 1);
  }
  return common === 0 ? 0 : (2 * common) / (goldTokens.length + saidTokens.length);
}

function withoutArticles(text: string): string {
  return text
    .toLowerCase()
    .replace(punctuation, '')
    .replace(/\b(a|an|the)\b/g, ' ')
    .split(/\s+/)
    .filter(Boolean)
    .join(' ');
}
