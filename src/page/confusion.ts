/** How often which label was given which prediction, of fields whose labels are few and short. Pure. */
import { categoriesAtMost, categoryCharactersAtMost } from '../base/limits.ts';
import type { Fields } from '../base/json.ts';
import { mostFrequent } from '../base/mostFrequent.ts';
import { labelsOf } from '../data/program.ts';
import type { Example } from '../data/program.ts';
import type { ConfusionField } from '../viewProtocol/examples.ts';
import { plainText } from '../view/lineText.ts';

/** Fields that have at most a dozen different labels, all of them short. */
export function categoriesOf(examples: readonly Example[]): string[] {
  const found = new Map<string, Set<string>>();
  const tooMany = new Set<string>();
  for (const row of examples) {
    for (const [field, value] of Object.entries(labelsOf(row))) {
      if (tooMany.has(field)) continue;
      const values = found.get(field) ?? new Set();
      found.set(field, values.add(plainText(value)));
      if (!isFew(values)) tooMany.add(field);
    }
  }
  // Where all have the same label, or each another one, there is nothing to confuse.
  return [...found].flatMap(([field, { size }]) =>
    tooMany.has(field) || size < 2 || size === examples.length ? [] : [field],
  );
}

/** @param given what the program gave, by row; rows that are not in it are left out. */
export function confusionOf(
  field: string,
  examples: readonly Example[],
  given: ReadonlyMap<number, Fields | null>,
): ConfusionField {
  const rows = examples.flatMap(({ id, fields }) =>
    given.has(id) && Object.hasOwn(fields, field)
      ? [{ id, label: plainText(fields[field]!), predicted: textOf(given.get(id), field) }]
      : [],
  );
  const labels = new Set(rows.map(({ label }) => label));
  const strange = rows.flatMap(({ predicted }) => (predicted === null || labels.has(predicted) ? [] : [predicted]));
  const values = [...[...labels].sort(), ...mostSaid(strange, categoriesAtMost - labels.size)];
  return {
    field,
    values,
    rows: rows.map(({ id, label, predicted }) => [
      id,
      values.indexOf(label),
      predicted === null ? null : values.indexOf(predicted),
    ]),
  };
}

/** A model may answer anything: of what is no label, what it says most often, where it is short. */
function mostSaid(texts: readonly string[], most: number): string[] {
  const short = mostFrequent(texts).filter(([{ length }]) => length <= categoryCharactersAtMost);
  return short.slice(0, Math.max(0, most)).map(([text]) => text);
}

function textOf(prediction: Fields | null | undefined, field: string): string | null {
  if (prediction == null || !Object.hasOwn(prediction, field)) return null;
  return plainText(prediction[field]!);
}

function isFew(values: ReadonlySet<string>): boolean {
  return values.size <= categoriesAtMost && [...values].every(({ length }) => length <= categoryCharactersAtMost);
}
