/** What a run says of a metric that compares labels with predictions of another kind: the text "3" of a `.csv` with the number 3. */
import { contentHash } from '../base/contentHash.ts';
import { isExact, shownValue } from '../base/exact.ts';
import { parseExactJson } from '../base/exactJson.ts';
import { pythonLiteral } from '../base/pythonLiteral.ts';
import type { Fields, JsonValue } from '../base/json.ts';
import type { Example } from '../data/program.ts';
import type { ProgramOutcome } from '../data/trace.ts';
import type { RunEvent } from '../protocol.ts';

/** Rows that a metric scores 0 by chance, for another field, are not as many. */
const rowsAtLeast = 3;

const lengthShown = 60;

/**
 * Warns once in a run of a field whose label says what the program answered and is of another kind, while every such
 * row scores 0. A metric that gives one of them a score knows how to compare them.
 */
export class LabelKindWarning {
  readonly #append: (event: RunEvent) => void;
  /** Rows that scored 0, by field; `null` of fields of which nothing is to be said any more. */
  readonly #rows = new Map<string, Set<number> | null>();
  #said = false;

  constructor(append: (event: RunEvent) => void) {
    this.#append = append;
  }

  /** @param score from 0 to 1 */
  add(example: Example, { prediction, error }: ProgramOutcome, score: number): void {
    if (this.#said || prediction === null || error !== undefined) return;
    const found = apart(example, prediction).filter(({ name }) => this.#rows.get(name) !== null);
    for (const { name } of found) {
      if (score > 0) this.#rows.set(name, null);
      else this.#rows.set(name, (this.#rows.get(name) ?? new Set<number>()).add(example.id));
    }
    const often = found.filter(({ name }) => (this.#rows.get(name)?.size ?? 0) >= rowsAtLeast);
    if (often.length === 0) return;
    this.#said = true;
    this.#append({ type: 'warning', message: warning(often, example.id) });
  }
}

/** A field whose label and answer say the same and are of two kinds. */
interface Apart {
  readonly name: string;
  readonly label: JsonValue;
  readonly answered: JsonValue;
}

function apart(example: Example, prediction: Fields): readonly Apart[] {
  return Object.entries(prediction).flatMap(([name, answered]) => {
    const label = labelOf(example, name);
    return label !== undefined && isSameOfAnotherKind(label, answered) ? [{ name, label, answered }] : [];
  });
}

function labelOf({ inputs, fields }: Example, name: string): JsonValue | undefined {
  return Object.hasOwn(inputs, name) || !Object.hasOwn(fields, name) ? undefined : fields[name];
}

function isSameOfAnotherKind(label: JsonValue, answered: JsonValue): boolean {
  // What code made is what its author compares.
  if (isExact(label) || label === null || answered === null) return false;
  if (typeof label === 'string') return typeof answered !== 'string' && saysTheSame(label, shownValue(answered));
  if (typeof label === 'number') return typeof answered === 'boolean' && label === Number(answered);
  return typeof label === 'object' && !same(label, answered) && same(shownValue(label), shownValue(answered));
}

function saysTheSame(text: string, value: JsonValue): boolean {
  if (typeof value === 'string') return text.trim() === value;
  if (typeof value === 'boolean') return saysTruth[text.trim().toLowerCase()] === value;
  if (typeof value === 'number') return text.trim() !== '' && Number(text) === value;
  return [parsed(text), pythonLiteral(text)].some((read) => read !== undefined && same(shownValue(read), value));
}

/** How tables and people write what is true and what is false. */
const saysTruth: Readonly<Record<string, boolean>> = Object.assign(Object.create(null) as object, {
  ...{ true: true, yes: true, y: true, t: true, '1': true, '1.0': true },
  ...{ false: false, no: false, n: false, f: false, '0': false, '0.0': false },
});

function parsed(text: string): JsonValue | undefined {
  try {
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}

const same = (a: JsonValue, b: JsonValue): boolean => contentHash(a) === contentHash(b);

function warning(fields: readonly Apart[], row: number): string {
  const each = fields.map(
    ({ name, label, answered }) =>
      `"${name}" is ${kindOf(label)} in the data (${shortened(label)}) and ${kindOf(answered)} in the prediction`,
  );
  return (
    `Rows score 0 though their label says what the program answered. In row ${row + 1} ${each.join(', ')}. Values of two ` +
    'kinds are never equal: if the metric compares them, convert one of them there, or make the rows in code ' +
    '("file.py#name", "file.ts#name"). In a .csv every value is a text.'
  );
}

function kindOf(value: JsonValue): string {
  if (isExact(value)) return value.$exact === 'object' ? 'an object of a class' : `of the kind "${value.$exact}"`;
  if (Array.isArray(value)) return JSON.stringify(value).includes('"$exact"') ? 'a list of objects' : 'a list';
  if (typeof value === 'string') return 'a text';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function shortened(value: JsonValue): string {
  const text = JSON.stringify(shownValue(value));
  return text.length > lengthShown ? `${text.slice(0, lengthShown)}…` : text;
}
