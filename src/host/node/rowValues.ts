/** The fields of a row as a TypeScript program gets them. */
import type { Fields } from '../../base/json.ts';
import type { FieldType, PredictorDescription } from '../../data/program.ts';
import { fromJson, fromJsonAs } from '../../program/values/fromJson.ts';

/** What the signatures of a program say of fields, by name. */
export type KnownTypes = ReadonlyMap<string, FieldType>;

/** Rows and predictors share names, not types: where one signature says bigint of a field, rows have bigints in it. */
export function knownTypes(predictors: readonly Pick<PredictorDescription, 'signature'>[]): KnownTypes {
  const types = new Map<string, FieldType>();
  for (const { signature } of predictors) {
    for (const { name, type } of [...signature.inputs, ...signature.outputs]) {
      const known = types.get(name);
      if (known === undefined || (!saysBigint(known) && saysBigint(type))) types.set(name, type);
    }
  }
  return types;
}

function saysBigint(type: FieldType): boolean {
  switch (type.kind) {
    case 'bigint':
      return true;
    case 'list':
      return saysBigint(type.items);
    case 'dict':
      return saysBigint(type.values);
    case 'optional':
      return saysBigint(type.of);
    default:
      return false;
  }
}

/**
 * @param row the row's place in its file, from 0; messages count from 1, as editors do.
 * @throws UsageError naming row and field, for an integer that a signature says is a number, and no number holds.
 */
export function rowValues(fields: Fields, types: KnownTypes, row: number): Fields {
  const entries = Object.entries(fields).map(([name, value]) => {
    const type = types.get(name);
    const place = `The field "${name}" of row ${row + 1}`;
    return [name, type === undefined ? fromJson(value) : fromJsonAs(type, value, place)] as const;
  });
  return Object.fromEntries(entries) as Fields;
}
