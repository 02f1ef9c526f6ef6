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

/**
 * The row without what was answered; as it is where nothing was noted.
 *
 * @throws UsageError naming the place, where a label is left to be written, or none is there.
 */
export function labelledRow(row: Row): Row {
  if (!Object.hasOwn(row.fields, answeredField)) return row;
  const { [answeredField]: answered, ...fields } = row.fields;
  const names = Object.keys(objectIn(answered ?? null));
  const empty = names.filter((name) => Object.hasOwn(fields, name) && isEmpty(fields[name]!));
  const labels = names.filter((name) => Object.hasOwn(fields, name) && !isEmpty(fields[name]!));
  if (empty.length > 0) throw unlabelled(row.place, `"${empty[0]!}" has no label yet`);
  if (names.length > 0 && labels.length === 0) throw unlabelled(row.place, 'the row has no label');
  const inputs = row.inputs ?? Object.keys(fields).filter((name) => !names.includes(name));
  return { ...row, fields, inputs };
}

function unlabelled(place: string, what: string): UsageError {
  return new UsageError(
    `${place}: ${what}. "${answeredField}" says what the program answered, which may be wrong: write what is right ` +
      'in its field, or take the row out.',
  );
}

const isEmpty = (value: JsonValue): boolean => value === null || value === '';

/** In a `.csv` it is the text of one. */
function objectIn(value: JsonValue): Fields {
  const read = typeof value === 'string' ? parsed(value) : value;
  return read === null || typeof read !== 'object' || Array.isArray(read) ? {} : (read as Fields);
}

function parsed(text: string): JsonValue {
  try {
    return parseExactJson(text);
  } catch {
    return null;
  }
}
