/** Spans of files that others wrote: OTLP JSON, and what Phoenix, Langfuse and MLflow export. */
import { extname } from 'node:path';
import * as z from 'zod';
import { UsageError, messageOf } from '../../base/errors.ts';
import { readBounded } from '../../base/boundedFile.ts';
import { parseExactJson } from '../../base/exactJson.ts';
import type { Fields, JsonValue } from '../../base/json.ts';
import { nestingAtMost, wholeDataBytesAtMost } from '../../base/limits.ts';
import { nestsDeeper } from '../../base/nesting.ts';
import { holdsAnObjectALine, readRows } from '../../config/dataRows.ts';
import { textOf } from '../../config/utf8.ts';

export interface ExportedSpan {
  /** '' where the file does not say. */
  readonly id: string;
  /** '' for a root. */
  readonly parent: string;
  readonly name: string;
  readonly attributes: Fields;
  readonly input: JsonValue;
  readonly output: JsonValue;
  /** What went in was cut where it was sent: it is not what the program was given. */
  readonly isInputCut: boolean;
  readonly failed: boolean;
}

/** A record of an export, and where it stands, for people. */
interface Placed {
  readonly place: string;
  readonly value: JsonValue;
}

const text = z.string().nullish();
const json = z.custom<JsonValue>((value) => value !== undefined);

const otlpValueSchema = z.record(z.string(), z.unknown());
const otlpSpanSchema = z.object({
  spanId: text,
  parentSpanId: text,
  name: text,
  attributes: z.array(z.object({ key: z.string(), value: otlpValueSchema.nullish() })).nullish(),
  status: z.object({ code: z.union([z.number(), z.string()]).nullish() }).nullish(),
});
const scopeSpansSchema = z.object({ spans: z.array(otlpSpanSchema).nullish() });
const otlpSchema = z.object({
  resourceSpans: z.array(
    z.object({
      scopeSpans: z.array(scopeSpansSchema).nullish(),
      // As exporters before OTLP 0.15 named it.
      instrumentationLibrarySpans: z.array(scopeSpansSchema).nullish(),
    }),
  ),
});

/** Phoenix (also a data frame's columns), Langfuse and MLflow: names that mean the same. */
const spanSchema = z.object({
  id: text,
  span_id: text,
  'context.span_id': text,
  context: z.object({ span_id: text }).nullish().catch(null),
  parent_id: text,
  parent_span_id: text,
  parentObservationId: text,
  traceId: text,
  name: text,
  attributes: z.record(z.string(), json).nullish().catch(null),
  input: json.optional(),
  output: json.optional(),
  status_code: z.unknown().optional(),
  level: z.unknown().optional(),
  status: z.unknown().optional(),
});

/**
 * @throws UsageError naming file and line, for what is no export that is known.
 */
export async function exportedSpans(file: string): Promise<readonly ExportedSpan[]> {
  const spans = (await recordsIn(file)).flatMap(spansOf);
  if (spans.length > 0) return spans;
  throw new UsageError(
    `${file} has no spans. What is read: OTLP JSON ("resourceSpans"), spans of Phoenix and MLflow, traces and ` +
      'observations of Langfuse, as .json, .jsonl or .csv.',
  );
}

async function recordsIn(file: string): Promise<readonly Placed[]> {
  if (extname(file).toLowerCase() !== '.json') return recordALine(file);
  const content = textOf(await read(file), file);
  return holdsAnObjectALine(content) ? recordALine(file) : wholeFile(content, file);
}

async function recordALine(file: string): Promise<readonly Placed[]> {
  const { rows } = await readRows(file, {});
  return rows.map(({ place, fields }) => ({ place, value: fields }));
}

function wholeFile(content: string, file: string): readonly Placed[] {
  if (nestsDeeper(content, nestingAtMost)) throw new UsageError(`${file}: nests deeper than ${nestingAtMost} levels.`);
  let value: JsonValue;
  try {
    value = parseExactJson(content);
  } catch (error) {
    throw new UsageError(`${file}: not valid JSON: ${messageOf(error)}.`, error);
  }
  const list = listIn(value);
  return list === null
    ? [{ place: file, value }]
    : list.map((one, i) => ({ place: `${file}, record ${i + 1}`, value: one }));
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readBounded(file, wholeDataBytesAtMost);
  } catch (error) {
    throw new UsageError(`${file} could not be read: ${messageOf(error)}`, error);
  }
}

/** The list in an answer of an interface (`{"data": […]}`), in a downloaded trace, or the file itself. */
function listIn(value: JsonValue): readonly JsonValue[] | null {
  if (isList(value)) return value;
  if (!isObject(value)) return null;
  for (const name of ['data', 'traces', 'spans', 'observations']) {
    const list = value[name];
    if (!isList(list)) continue;
    // A trace of Langfuse with its observations: it is a span itself.
    return name === 'observations' ? [value, ...list] : list;
  }
  return null;
}

function spansOf(record: Placed): readonly ExportedSpan[] {
  const { value, place } = record;
  if (!isObject(value)) throw new UsageError(`${place}: a span has to be an object.`);
  if ('resourceSpans' in value) return otlpSpans(record);
  const nested = listOfSpans(value);
  if (nested !== null) return nested.flatMap((one, i) => spansOf({ place: `${place}, span ${i + 1}`, value: one }));
  return [spanOf(place, value)];
}

/** MLflow: `{"info": …, "data": {"spans": […]}}`. In a table it is a text. */
function listOfSpans(value: Fields): readonly JsonValue[] | null {
  const own = value['spans'] ?? (isObject(value['data']) ? value['data']['spans'] : undefined);
  const list = typeof own === 'string' ? parsed(own) : own;
  return isList(list) ? list : null;
}

function otlpSpans({ place, value }: Placed): readonly ExportedSpan[] {
  const { resourceSpans } = checked(otlpSchema, value, place);
  const scopes = resourceSpans.flatMap(({ scopeSpans, instrumentationLibrarySpans }) => [
    ...(scopeSpans ?? []),
    ...(instrumentationLibrarySpans ?? []),
  ]);
  return scopes.flatMap(({ spans }) => (spans ?? []).map(otlpSpan));
}

function otlpSpan({ spanId, parentSpanId, name, attributes, status }: z.infer<typeof otlpSpanSchema>): ExportedSpan {
  const own = Object.fromEntries((attributes ?? []).map(({ key, value }) => [key, otlpValue(value ?? {})]));
  const { code = 0 } = status ?? {};
  return {
    ...{ id: spanId ?? '', parent: parentSpanId ?? '', name: name ?? '', attributes: own },
    ...shownIn(own),
    failed: code === 2 || code === 'STATUS_CODE_ERROR',
  };
}

/** An `AnyValue` of OTLP. */
function otlpValue(value: Readonly<Record<string, unknown>>): JsonValue {
  const { stringValue, boolValue, intValue, doubleValue, bytesValue, arrayValue, kvlistValue } = value;
  if (typeof stringValue === 'string') return stringValue;
  if (typeof boolValue === 'boolean') return boolValue;
  // A 64 bit integer is a text in the JSON of protobuf.
  if (typeof intValue === 'string' || typeof intValue === 'number') return Number(intValue);
  if (typeof doubleValue === 'number') return doubleValue;
  if (typeof bytesValue === 'string') return bytesValue;
  // A list without items may be written without "values".
  if (isObject(arrayValue)) return valuesIn(arrayValue).map((each) => (isObject(each) ? otlpValue(each) : null));
  if (isObject(kvlistValue)) return Object.fromEntries(valuesIn(kvlistValue).flatMap(otlpEntry));
  return null;
}

const valuesIn = ({ values }: Fields): readonly JsonValue[] => (isList(values) ? values : []);

function otlpEntry(entry: JsonValue): readonly (readonly [string, JsonValue])[] {
  if (!isObject(entry) || typeof entry['key'] !== 'string') return [];
  const { key, value } = entry;
  return [[key, isObject(value) ? otlpValue(value) : null]];
}

function spanOf(place: string, value: Fields): ExportedSpan {
  const span = checked(spanSchema, value, place);
  const attributes = { ...flattened(span.attributes ?? {}), ...columnsOf(value) };
  const parent = span.parent_id ?? span.parent_span_id ?? span.parentObservationId ?? '';
  const shown = shownIn(attributes);
  const id = span['context.span_id'] ?? span.context?.span_id ?? span.span_id ?? span.id ?? '';
  return {
    id,
    // An observation at the top stands under its trace, which a file may hold too.
    parent: parent !== '' ? parent : span.traceId !== id ? (span.traceId ?? '') : '',
    name: span.name ?? '',
    attributes,
    input: shown.input ?? fromText(span.input ?? null),
    output: shown.output ?? (isCutJson(span.output ?? null, false) ? null : fromText(span.output ?? null)),
    isInputCut: shown.isInputCut || (shown.input === null && isCutJson(span.input ?? null, false)),
    failed: [span.status_code, span.level, statusIn(span.status)].some(
      (one) => typeof one === 'string' && /^(?:ERROR|STATUS_CODE_ERROR)$/i.test(one),
    ),
  };
}

const statusIn = (status: unknown): unknown =>
  typeof status === 'object' && status !== null && 'code' in status ? status.code : status;

/** Columns of a data frame: `attributes.input.value`. */
function columnsOf(value: Fields): Fields {
  const prefix = 'attributes.';
  const columns = Object.entries(value).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(columns.map(([name, each]) => [name.slice(prefix.length), each]));
}

/** `{"input": {"value": …}}` as `input.value`, two levels deep: what is below is content. */
function flattened(attributes: Readonly<Record<string, JsonValue>>): Fields {
  const entries = Object.entries(attributes).flatMap(([name, value]) =>
    isObject(value) && /^(?:input|output|gen_ai|openinference|llm|bettertogether)$/.test(name)
      ? Object.entries(value).map(([inner, each]) => [`${name}.${inner}`, each] as const)
      : [[name, value] as const],
  );
  return Object.fromEntries(entries);
}

const inputNames = [
  'input.value',
  'mlflow.spanInputs',
  'langfuse.observation.input',
  'langfuse.trace.input',
  'gen_ai.input.messages',
];
const outputNames = [
  'output.value',
  'mlflow.spanOutputs',
  'langfuse.observation.output',
  'langfuse.trace.output',
  'gen_ai.output.messages',
];

interface ShownIO {
  readonly input: JsonValue;
  readonly output: JsonValue;
  readonly isInputCut: boolean;
}

/** An answer that was cut is none. */
function shownIn(attributes: Fields): ShownIO {
  const first = (names: readonly string[]): { readonly value: JsonValue; readonly isCut: boolean } => {
    const name = names.find(
      (each) => attributes[each] !== undefined && attributes[each] !== null && attributes[each] !== '',
    );
    if (name === undefined) return { value: null, isCut: false };
    const value = attributes[name]!;
    const isJson = attributes[name.replace(/\.value$/, '.mime_type')] === 'application/json';
    return { value: fromText(value), isCut: isCutJson(value, isJson) };
  };
  const isSaid = (name: string): boolean => /^true$/i.test(String(attributes[name]));
  const [input, output] = [first(inputNames), first(outputNames)];
  return {
    input: input.value,
    output: output.isCut || isSaid('bettertogether.output_cut') ? null : output.value,
    isInputCut: input.isCut || isSaid('bettertogether.input_cut'),
  };
}

/** What is said to be JSON, or begins as an object or a list of such does, and ends in the middle. */
function isCutJson(value: JsonValue, isJson: boolean): boolean {
  if (typeof value !== 'string') return false;
  return (isJson || /^\s*(?:\{\s*"|\[\s*\{\s*")/.test(value)) && parsed(value) === undefined;
}

/** A text that holds an object or a list is that: exports write values as text. */
function fromText(value: JsonValue): JsonValue {
  if (typeof value !== 'string') return value;
  if (value === '') return null;
  return /^\s*[[{"]/.test(value) ? (parsed(value) ?? value) : value;
}

function parsed(value: string): JsonValue | undefined {
  if (nestsDeeper(value, nestingAtMost)) return undefined;
  try {
    return parseExactJson(value);
  } catch {
    return undefined;
  }
}

function checked<T>(schema: z.ZodType<T>, value: JsonValue, place: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UsageError(`${place}: ${issue!.path.join('.') || 'the span'}: ${issue!.message}.`);
}

const isList = (value: JsonValue | undefined): value is readonly JsonValue[] => Array.isArray(value);

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
