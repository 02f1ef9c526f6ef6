/**
 * Rows that `bettertogether rows` made of traces: beside its fields a row has what the program answered, under a name
 * that is no field. An answer is no label, so a row that a person has not labelled is not a row to score with.
 */
import { UsageError } from '../base/errors.ts';
import { parseExactJson } from '../base/exactJson.ts';
import type { Fields, JsonValue } from '../base/json.ts';
import type { Row } from './dataFile.ts';

/** Holds an object: what was answered, by the names of the fields that are for labels. */
export const answeredField = '_answered';

/** What the entry in bettertogether.json says of fields. */
export interface KnownFields {
  readonly inputs: readonly string[] | null;
  /** What a built-in metric compares. */
  readonly label: string | null;
}

/**
 * The row without what was answered; as it is where nothing was noted.
 *
 * @throws UsageError naming the place, where a label is left to be written, or none is there, or nothing says which field
 * would be one.
 */
export function labelledRow(row: Row, known: KnownFields): Row {
  if (!Object.hasOwn(row.fields, answeredField)) return row;
  const { [answeredField]: answered, ...fields } = row.fields;
  const names = Object.keys(objectIn(answered ?? null, row.place));
  const own = { ...row, fields };
  const has = (name: string): boolean => Object.hasOwn(fields, name) && !isEmpty(fields[name]!);
  if (names.length === 0) {
    if (!labelsWithoutNames(own, known).some(has)) throw unlabelled(row.place, 'the row has no label');
    return own;
  }
  const empty = names.find((name) => Object.hasOwn(fields, name) && isEmpty(fields[name]!));
  if (empty !== undefined) throw unlabelled(row.place, `"${empty}" has no label yet`);
  if (!names.some(has)) throw unlabelled(row.place, 'the row has no label');
  return { ...own, inputs: row.inputs ?? Object.keys(fields).filter((name) => !names.includes(name)) };
}

/** Where nothing was answered: the fields that are no inputs. */
function labelsWithoutNames({ fields, inputs: own, place }: Row, { inputs, label }: KnownFields): readonly string[] {
  if (label !== null) return [label];
  const names = inputs ?? own;
  if (names !== undefined) return Object.keys(fields).filter((name) => !names.includes(name));
  throw unlabelled(
    place,
    `"${answeredField}" names no field, so nothing says which one is the label. Name "inputs" in the entry of bettertogether.json`,
  );
}

function unlabelled(place: string, what: string): UsageError {
  return new UsageError(
    `${place}: ${what}. "${answeredField}" says what the program answered, which may be wrong: write what is right ` +
      'in its field, or take the row out.',
  );
}

const isEmpty = (value: JsonValue): boolean => value === null || (typeof value === 'string' && value.trim() === '');

/** In a `.csv` it is the text of one, or nothing. */
function objectIn(value: JsonValue, place: string): Fields {
  const read = typeof value === 'string' && value !== '' ? parsed(value) : value;
  if (read === null || read === '') return {};
  if (read === undefined || typeof read !== 'object' || Array.isArray(read)) {
    throw new UsageError(
      `${place}: "${answeredField}" is no object. "bettertogether rows" writes what was answered there, by field: ` +
        'take it out where the row is labelled by hand.',
    );
  }
  return read as Fields;
}

function parsed(text: string): JsonValue | undefined {
  try {
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}
